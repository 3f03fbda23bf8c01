/** Memory of WebAssembly that threads may share. */
export interface WebMemory {
  readonly buffer: ArrayBufferLike;
  /** Adds pages of 64 KiB. */
  grow(pages: number): number;
}

/** What is used of WebAssembly, which TypeScript declares with a browser's types only. */
interface WebAssemblyApi {
  readonly Memory: new (limits: {
    readonly initial: number;
    readonly maximum: number;
    readonly shared: true;
  }) => WebMemory;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (
    module: object,
    imports: Readonly<Record<string, Readonly<Record<string, WebMemory>>>>,
  ) => { readonly exports: Readonly<Record<string, unknown>> };
}

export const webAssembly = (globalThis as unknown as { readonly WebAssembly: WebAssemblyApi }).WebAssembly;

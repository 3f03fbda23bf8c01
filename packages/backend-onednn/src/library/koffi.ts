import { importOptional } from '@anc/core/internal';

/** A function of a C library. */
export type CFunction = (...args: unknown[]) => unknown;

/** A loaded C library. */
export interface CLibrary {
  func(name: string, result: string, args: readonly string[]): CFunction;
}

/** What is used of koffi. */
export interface Koffi {
  load(path: string): CLibrary;
  /** Address of a typed array's first byte. */
  address(array: ArrayBufferView): bigint;
  decode(address: unknown, type: unknown, count?: number): unknown;
  struct(fields: Readonly<Record<string, string>>): unknown;
}

/**
 * Imports koffi, which users install themselves: it calls functions of C libraries.
 *
 * @throws `ANC_BACKEND_MISSING` where it is not installed, `ANC_BACKEND_BROKEN` where it does not load.
 */
export async function importKoffi(
  load: (name: string) => Promise<unknown> = (name) => import(name),
): Promise<Koffi> {
  const found = await importOptional({
    name: 'koffi',
    version: '3.3.4',
    platforms: ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64', 'win32-x64', 'win32-arm64'],
    backend: 'onednn',
    repair: 'install it again: npm install koffi@3.3.4',
    load,
  });
  return ((found as { readonly default?: Koffi }).default ?? found) as Koffi;
}

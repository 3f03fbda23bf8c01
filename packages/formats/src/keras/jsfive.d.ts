/** The part of the library that is used here; it has no types of its own. */
declare module 'jsfive' {
  export type Attributes = Readonly<Record<string, unknown>>;

  export class Dataset {
    readonly shape: readonly number[];
    /** NumPy's code, e.g. `<f4`. */
    readonly dtype: unknown;
    readonly value: ArrayLike<unknown>;
  }

  export class Group {
    readonly keys: readonly string[];
    readonly attrs: Attributes;
    get(path: string): Group | Dataset | undefined;
  }

  export class File extends Group {
    constructor(bytes: ArrayBuffer, name?: string);
  }
}

/** A TensorFlow.js GraphModel: the content of `model.json`, and its weights in the order of the weight files. */
export interface GraphModel {
  /** The graph. */
  readonly topology: {
    /** Operations, inputs before the operations that use them. */
    readonly node: readonly GraphNodeDef[];
    /** Versions of TensorFlow's graph format. */
    readonly versions: { readonly producer: number; readonly minConsumer: number };
  };
  /** Names of the inputs and outputs. */
  readonly signature: {
    /** Inputs by name. */
    readonly inputs: Readonly<Record<string, SignatureEntry>>;
    /** Outputs by name. */
    readonly outputs: Readonly<Record<string, SignatureEntry>>;
  };
  /** Weights, in the order of the weight files. */
  readonly weights: readonly GraphWeight[];
}

/** A constant of the graph. */
export interface GraphWeight {
  /** Name of the operation that it is the value of. */
  readonly name: string;
  /** Shape, row-major. */
  readonly shape: readonly number[];
  /** Element type. */
  readonly dtype: 'float32' | 'int32' | 'bool';
  /** Values in row-major order; 0 and 1 for `bool`. */
  readonly values: Float32Array | Int32Array | Uint8Array;
}

/** One operation of the graph, as TensorFlow's NodeDef is written in JSON. */
export interface GraphNodeDef {
  /** Name of the operation. */
  readonly name: string;
  /** Type of the operation, e.g. `Conv2D`. */
  readonly op: string;
  /** Names of the operations whose outputs it takes. */
  readonly input?: readonly string[];
  /** Attributes by name. */
  readonly attr: Readonly<Record<string, GraphAttribute>>;
}

/** An attribute, as TensorFlow's AttrValue is written in JSON. */
export type GraphAttribute =
  | { readonly i: string }
  | { readonly f: number }
  | { readonly b: boolean }
  | { readonly s: string }
  | { readonly type: string }
  | { readonly shape: { readonly dim: readonly { readonly size: string }[] } }
  | { readonly list: { readonly i: readonly string[] } };

/** An input or output of the graph. */
export interface SignatureEntry {
  /** Name of its tensor. */
  readonly name: string;
  /** Element type as TensorFlow names it, e.g. `DT_FLOAT`. */
  readonly dtype: string;
  /** Shape; `-1` for an open axis. */
  readonly tensorShape: { readonly dim: readonly { readonly size: string }[] };
}

/** A TensorFlow.js GraphModel: the content of `model.json`, and its weights in the order of the weight files. */
export interface GraphModel {
  readonly topology: {
    readonly node: readonly GraphNodeDef[];
    readonly versions: { readonly producer: number; readonly minConsumer: number };
  };
  readonly signature: {
    readonly inputs: Readonly<Record<string, SignatureEntry>>;
    readonly outputs: Readonly<Record<string, SignatureEntry>>;
  };
  readonly weights: readonly GraphWeight[];
}

export interface GraphWeight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int32' | 'bool';
  readonly values: Float32Array | Int32Array | Uint8Array;
}

/** One operation of the graph, as TensorFlow's NodeDef is written in JSON. */
export interface GraphNodeDef {
  readonly name: string;
  readonly op: string;
  readonly input?: readonly string[];
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

export interface SignatureEntry {
  readonly name: string;
  readonly dtype: string;
  readonly tensorShape: { readonly dim: readonly { readonly size: string }[] };
}

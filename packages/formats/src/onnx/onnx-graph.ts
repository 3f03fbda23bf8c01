/** A constant of an ONNX graph. */
export interface OnnxConstant {
  /** Floats of any precision become float32; integers and truth values are exact up to 2^53. */
  readonly type: 'float' | 'integer';
  /** Sizes of its axes; empty for a scalar. */
  readonly dims: readonly number[];
  /** Its numbers in row-major order. */
  readonly data: Float32Array | Float64Array;
}

/** An attribute's value: a number, a text, a list of either, or a tensor. Subgraphs are not kept. */
export type OnnxAttribute = number | string | readonly number[] | readonly string[] | OnnxConstant;

/** An operation of an ONNX graph. */
export interface OnnxNode {
  /** Its name; empty where the file has none. */
  readonly name: string;
  /** Type of the operator, e.g. `Conv`. */
  readonly op: string;
  /** Domain of the operator; empty for the standard one. */
  readonly domain: string;
  /** Names of the values that it reads; empty for those left out. */
  readonly inputs: readonly string[];
  /** Names of the values that it computes. */
  readonly outputs: readonly string[];
  /** Attributes by name. */
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
}

/** An ONNX model as plain data: what a network is built from, without the file's encoding. */
export interface OnnxGraph {
  /** Name of the file in messages. */
  readonly shown: string;
  /** Version of the standard operators. */
  readonly opset: number;
  /** In an order in which every value is computed before it is read. */
  readonly nodes: readonly OnnxNode[];
  /** Weights and other constants by name. */
  readonly constants: ReadonlyMap<string, OnnxConstant>;
  /** Names of those constants that are written as nodes: numbers of the code rather than weights. */
  readonly literals: ReadonlySet<string>;
  /** The one input: its name and sizes, null for those left open. */
  readonly input: { readonly name: string; readonly dims: readonly (number | null)[] };
  /** Names of the outputs. */
  readonly outputs: readonly string[];
}

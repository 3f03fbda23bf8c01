/** Element types of a graph's values. float16 stands between a cast and a product: no input, constant or output has it. */
export type ElementType = 'float32' | 'float16' | 'int32' | 'int64' | 'uint8' | 'bool';

/** Elements of a constant, by its type; booleans are bytes 0 and 1. */
export type ElementArray = Float32Array | Int32Array | BigInt64Array | Uint8Array;

/** An attribute of an ONNX node. A number is an integer unless it is wrapped in `{ float }`. */
export type Attribute =
  number | string | readonly number[] | { readonly float: number } | { readonly floats: readonly number[] };

/** Attributes of a node by name. */
export type Attributes = Readonly<Record<string, Attribute>>;

/** One operation of a graph. An input of `null` is an optional one that is omitted. */
export interface Node {
  /** Operator, as ONNX calls it. */
  readonly op: string;
  /** Set of operators that it is from; empty for ONNX's own. */
  readonly domain: string;
  /** In the order of the operator's inputs. */
  readonly inputs: readonly (Value | null)[];
  /** By their ONNX names. */
  readonly attributes: Attributes;
  /** In the order of the operator's outputs. */
  readonly outputs: readonly Value[];
}

/** Where a value comes from: an input, a constant, or an output of a node. */
export type Source =
  | { readonly kind: 'input'; readonly name: string }
  | { readonly kind: 'constant'; readonly data: ElementArray }
  | { readonly kind: 'node'; readonly node: Node; readonly index: number };

/** A symbolic tensor: a place in a graph. Its shape is static. */
export interface Value {
  /** Number in its graph. */
  readonly id: number;
  /** Type of its elements. */
  readonly type: ElementType;
  /** Sizes of its axes in memory order. */
  readonly shape: readonly number[];
  /** What it comes from. */
  readonly source: Source;
}

/** An output of a graph. */
export interface NamedValue {
  /** Name of the output. */
  readonly name: string;
  /** What it returns. */
  readonly value: Value;
}

/** Numbers of the element types in ONNX's files, and in ONNX Runtime's C API (`ONNXTensorElementDataType`). */
export const onnxTypeOf: Readonly<Record<ElementType, number>> = {
  float32: 1,
  uint8: 2,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
};

/** Bytes of one element. */
export const bytesOf: Readonly<Record<ElementType, number>> = {
  float32: 4,
  float16: 2,
  int32: 4,
  int64: 8,
  uint8: 1,
  bool: 1,
};

/** The number in a one-element constant; null for any other value. */
export function scalarOf(value: Value): number | null {
  return value.source.kind === 'constant' && value.source.data.length === 1
    ? Number(value.source.data[0])
    : null;
}

/** The node that computes a value, if its operator is `op`; else null. */
export function madeBy(value: Value, op: string): Node | null {
  return value.source.kind === 'node' && value.source.node.op === op ? value.source.node : null;
}

/** The integers of a constant. @throws Error if the value is none */
export function integersOf(value: Value): number[] {
  if (value.source.kind !== 'constant') throw new Error('not a constant');
  return Array.from(value.source.data as ArrayLike<number | bigint>, Number);
}

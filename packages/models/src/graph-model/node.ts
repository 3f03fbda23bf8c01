import { AncError } from '@anc/core';
import type { GraphAttribute } from '@anc/formats';
import type { DataType } from '@tensorflow/tfjs-core';

/** A tensor of the graph: the node that makes it (each has one output), or numbers that are known. */
export interface Recorded {
  readonly shape: readonly number[];
  readonly dtype: DataType;
  readonly source: GraphNode | Constant;
}

/** One operation of TensorFlow's. */
export interface GraphNode {
  readonly kind: 'node';
  readonly op: string;
  readonly inputs: readonly Recorded[];
  readonly attributes: Readonly<Record<string, GraphAttribute>>;
  /** Given names are kept; the others are numbered. */
  readonly name: string | null;
}

/** Numbers that the graph starts from. */
export interface Constant {
  readonly kind: 'constant';
  readonly values: Float32Array | Int32Array | Uint8Array;
  readonly name: string | null;
}

const TYPES: Readonly<Partial<Record<DataType, string>>> = {
  float32: 'DT_FLOAT',
  int32: 'DT_INT32',
  bool: 'DT_BOOL',
};

/** Throws `ANC_EXPORT` on strings and complex numbers. */
export function typeOf(dtype: DataType): string {
  const type = TYPES[dtype];
  if (type !== undefined) return type;
  throw new AncError('ANC_EXPORT', `tensors of ${dtype} have no place in an exported graph.`, {
    expected: Object.keys(TYPES).join(', '),
  });
}

export const int = (value: number): GraphAttribute => ({ i: String(value) });
export const float = (value: number): GraphAttribute => ({ f: value });
export const bool = (value: boolean): GraphAttribute => ({ b: value });
/** Bytes are base64 in JSON. */
export const text = (value: string): GraphAttribute => ({ s: btoa(value) });
export const type = (dtype: DataType): GraphAttribute => ({ type: typeOf(dtype) });
export const ints = (values: readonly number[]): GraphAttribute => ({ list: { i: values.map(String) } });
export const shapeOf = (sizes: readonly number[]): GraphAttribute => ({
  shape: { dim: sizes.map((size) => ({ size: String(size) })) },
});

/** A tensor that an operation makes; its element type is noted as TensorFlow wants it. */
export function node(
  op: string,
  inputs: readonly Recorded[],
  shape: readonly number[],
  attributes: Readonly<Record<string, GraphAttribute>> = {},
  { dtype = inputs[0]!.dtype, name = null }: { dtype?: DataType; name?: string | null } = {},
): Recorded {
  const own: Readonly<Record<string, GraphAttribute>> =
    op === 'Placeholder' || op === 'Cast' ? {} : { T: type(inputs[0]!.dtype) };
  return { shape, dtype, source: { kind: 'node', op, inputs, attributes: { ...own, ...attributes }, name } };
}

/** Numbers as a tensor of the graph. */
export const constant = (
  values: Constant['values'],
  shape: readonly number[],
  dtype: DataType,
  name: string | null = null,
): Recorded => ({ shape, dtype, source: { kind: 'constant', values, name } });

/** A vector of integers: shapes, axes, paddings. */
export const integers = (values: readonly number[]): Recorded =>
  constant(Int32Array.from(values), [values.length], 'int32');

export const scalar = (value: number): Recorded => constant(Float32Array.of(value), [], 'float32');

export const integer = (value: number): Recorded => constant(Int32Array.of(value), [], 'int32');

/** Large, and unlikely to be a size of anything else: stands for the batch while a function is recorded. */
export const BATCH = 7_919;

export const isBatch = (size: number): boolean => size > 0 && size % BATCH === 0;

/** Sizes with the batch left open (-1). Throws `ANC_EXPORT` where more than one axis has the batch. */
export function openSizes(sizes: readonly number[]): number[] {
  if (sizes.filter(isBatch).length > 1) throw closedBatch();
  return sizes.map((size) => (isBatch(size) ? -1 : size));
}

export const closedBatch = (): AncError =>
  new AncError('ANC_EXPORT', 'the network cannot be written with an open batch.', {
    expected: 'operations that keep the batch as an axis and use its size nowhere else',
    hint: 'export it as ONNX or safetensors.',
  });

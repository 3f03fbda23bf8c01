import { AncError } from '@anc/core';
import type { GraphAttribute } from '@anc/formats';
import type { DataType } from '@tensorflow/tfjs-core';

/** A tensor of the graph: the output of a node (each node has one), or a constant. */
export interface Recorded {
  readonly shape: readonly number[];
  readonly dtype: DataType;
  readonly source: GraphNode | Constant;
}

/** A TensorFlow operation. */
export interface GraphNode {
  readonly kind: 'node';
  readonly op: string;
  readonly inputs: readonly Recorded[];
  readonly attributes: Readonly<Record<string, GraphAttribute>>;
  /** A name to keep; null for a numbered one. */
  readonly name: string | null;
}

/** A constant of the graph. */
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

/** Throws `ANC_EXPORT` for strings and complex numbers. */
export function typeOf(dtype: DataType): string {
  const type = TYPES[dtype];
  if (type !== undefined) return type;
  throw new AncError('ANC_EXPORT', `tensors of ${dtype} cannot be part of an exported graph.`, {
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

/** The output of an operation, with its element type as an attribute. */
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

/** A constant tensor. */
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

/** Stands for the batch size while a function is recorded: large, and unlikely to be the size of anything else. */
export const BATCH = 7_919;

export const isBatch = (size: number): boolean => size > 0 && size % BATCH === 0;

/** Sizes with the batch left open (-1). Throws `ANC_EXPORT` if the batch is in more than one axis. */
export function openSizes(sizes: readonly number[]): number[] {
  if (sizes.filter(isBatch).length > 1) throw closedBatch();
  return sizes.map((size) => (isBatch(size) ? -1 : size));
}

export const closedBatch = (): AncError =>
  new AncError('ANC_EXPORT', 'the network cannot be exported with an open batch.', {
    expected: 'operations that keep the batch as an axis and use its size nowhere else',
    hint: 'export it as ONNX or safetensors.',
  });

import type { Builder } from '../build/builder.js';
import { quantizationOf, type Quantization } from '../build/quantization.js';
import type { Tensor } from '../build/storage.js';
import type { FlatNode } from '../graph/flat-graph.js';
import type { DataType } from '../library/constants.js';
import { operationsAfter, type After } from './after.js';

/** 8-bit weights, their scales with that of what they are multiplied by, and the mask of the axes that scales vary along. */
export interface QuantizedWeights {
  readonly weights: Tensor;
  readonly scales: Tensor;
  readonly mask: number;
}

/** Weights [O, …] or [groups, O / groups, …] in 8 bits, with a scale per output channel. They must be plain constants. */
export function quantizedWeights(builder: Builder, weights: Tensor, scaleOfInput: number): QuantizedWeights {
  const isGrouped = weights.shape.length === 5;
  const channels = isGrouped ? weights.shape[0]! * weights.shape[1]! : weights.shape[0]!;
  const each = builder.memory.host(weights).data.length / channels;
  return {
    ...quantizedAlong(builder, weights, channels, each, scaleOfInput),
    mask: isGrouped ? 3 : 1,
  };
}

/** A matrix of weights [I, O] in 8 bits, with a scale per column. */
export const quantizedMatrix = (
  builder: Builder,
  weights: Tensor,
  scaleOfInput: number,
): QuantizedWeights => {
  const columns = weights.shape[1]!;
  return { ...quantizedAlong(builder, weights, columns, 1, scaleOfInput), mask: 2 };
};

function quantizedAlong(
  builder: Builder,
  weights: Tensor,
  channels: number,
  /** Weights of a channel that follow each other. */
  inner: number,
  scaleOfInput: number,
): Omit<QuantizedWeights, 'mask'> {
  const { data } = builder.memory.host(weights);
  const scales = new Float64Array(channels);
  for (let i = 0; i < data.length; i++) {
    const channel = Math.floor(i / inner) % channels;
    scales[channel] = Math.max(scales[channel]!, Math.abs(data[i]!));
  }
  for (let c = 0; c < channels; c++) scales[c] = Math.max(scales[c]!, 1e-8) / 127;
  const codes = builder.memory.plain('int8', weights.shape, []);
  const to = builder.memory.host(codes).data;
  for (let i = 0; i < data.length; i++)
    to[i] = Math.round(data[i]! / scales[Math.floor(i / inner) % channels]!);
  return { weights: codes, scales: builder.memory.vector(scales.map((scale) => scale * scaleOfInput)) };
}

/** Whether a node multiplies `value` by constant weights. */
function isProductOf(builder: Builder, { op, inputs }: FlatNode, value: number): boolean {
  const [first, second] = inputs;
  if (first !== value || !['Conv', 'MatMul', 'Gemm'].includes(op)) return false;
  return builder.uses.isConstant(second!);
}

/** How a value is stored where nothing but products reads it, at once or after a max-pool; null where something else does. */
export function wantedQuantization(builder: Builder, value: number): Quantization | null {
  const consumers = builder.uses.consumers(value);
  if (builder.ranges === null || consumers === null || consumers.length === 0) return null;
  if (consumers.every((node) => isProductOf(builder, node, value))) return quantizationOf(builder, value);
  const [pool] = consumers;
  return consumers.length === 1 && pool!.op === 'MaxPool'
    ? wantedQuantization(builder, pool!.outputs[0]!)
    : null;
}

/** What a product does with its result: the operations after it, and the type in which it is stored. */
export interface Result {
  readonly after: After;
  readonly type: DataType;
  readonly scale: number | null;
}

export function resultOf(builder: Builder, value: number, isQuantized: boolean): Result {
  const quantization = isQuantized ? wantedQuantization(builder, lastOf(builder, value)) : null;
  const after = operationsAfter(builder, value, quantization === null);
  return quantization === null || after.result !== lastOf(builder, value)
    ? { after, type: builder.storedAs(after.result), scale: null }
    : { after, ...quantization };
}

/** The value after the operations that a product takes in. */
const lastOf = (builder: Builder, value: number): number => operationsAfter(builder, value, false).result;

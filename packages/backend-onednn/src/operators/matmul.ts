import { sizeOf } from '@anc/core/worker';
import type { Builder } from '../build/builder.js';
import { constantOf } from '../build/constants.js';
import { measure, quantizationOf, quantizedInput } from '../build/quantization.js';
import { plainStrides, type Tensor } from '../build/storage.js';
import { integer, type FlatNode } from '../graph/flat-graph.js';
import { ARGUMENT, QUERY, scalesOf } from '../library/constants.js';
import { aligned, operationsAfter } from './after.js';
import type { Operator } from './operator.js';
import { quantizedMatrix } from './quantize.js';

/** The last two axes exchanged, without moving anything. */
function transposed(builder: Builder, x: Tensor): Tensor {
  const swap = (list: readonly number[]): number[] => [...list.slice(0, -2), list.at(-1)!, list.at(-2)!];
  return builder.memory.view(x, swap(x.shape), swap(x.strides!));
}

/** Products of matrices, or of stacks of them, with elementwise operations after them. The result stays float32. */
export const matmul: Operator = (builder, node) => {
  const [left, right, extra] = node.inputs;
  const value = node.outputs[0]!;
  const { shape, type } = builder.graph.values[value]!;
  if (type !== 'float32' || extra !== undefined || shape.length < 2) return false;
  if (quantizedMatmul(builder, node)) return true;
  measure(builder, left!);
  const operand = (input: number, isTransposed: boolean): Tensor => {
    const whole = aligned(builder, builder.asStrided(builder.get(input)), shape.length);
    return isTransposed ? transposed(builder, whole) : whole;
  };
  const a = operand(left!, integer(node, 'transA', 0) === 1);
  const b = operand(right!, integer(node, 'transB', 0) === 1);
  const after = operationsAfter(builder, value, false);
  const computed = builder.factor;
  // Weights are packed once; everything else is read as it lies.
  const isPacked = b.storage.isConstant && shape.length === 2;
  const source = a.type === computed ? a : builder.as(a, plainStrides(a.shape), computed);
  const weights = isPacked || b.type === computed ? b : builder.as(b, plainStrides(b.shape), computed);
  const layout = plainStrides(shape);
  const all = [a, b, ...after.operands.map(([, tensor]) => tensor)];
  const result = builder.memory.fresh('float32', shape, layout, all);
  builder.steps.emit(
    'dnnl_matmul_primitive_desc_create',
    [
      source.descriptor,
      isPacked ? builder.memory.descriptor(computed, b.shape, null) : weights.descriptor,
      0,
      result.descriptor,
    ],
    after.operations,
    (chosen) => [
      [ARGUMENT.source, source],
      [ARGUMENT.weights, isPacked ? builder.as(b, chosen(QUERY.weights), computed) : weights],
      ...after.operands,
      [ARGUMENT.destination, result],
    ],
    [],
    (sizeOf(shape) * a.shape.at(-1)!) / 16,
  );
  builder.set(after.result, result);
  for (const each of [node, ...after.nodes]) builder.uses.finish(each);
  return true;
};

/** A product with constant weights in 8 bits; false where its input is not stored so. */
function quantizedMatmul(builder: Builder, node: FlatNode): boolean {
  const [left, right] = node.inputs as [number, number];
  const value = node.outputs[0]!;
  const { shape } = builder.graph.values[value]!;
  const isPlainProduct = node.op === 'MatMul' && shape.length === 2;
  const quantization =
    isPlainProduct && constantOf(builder, right) !== null ? quantizationOf(builder, left) : null;
  if (quantization === null || builder.graph.values[left]!.shape.length !== 2) return false;
  const x = builder.asPlain(quantizedInput(builder, left, quantization));
  const matrix = builder.asPlain(builder.get(right), 'float32');
  const { weights, scales, mask } = quantizedMatrix(builder, matrix, quantization.scale);
  const after = operationsAfter(builder, value, false);
  const all = [x, weights, ...after.operands.map(([, tensor]) => tensor)];
  const result = builder.memory.plain('float32', shape, all);
  builder.steps.emit(
    'dnnl_matmul_primitive_desc_create',
    [x.descriptor, builder.memory.descriptor('int8', weights.shape, null), 0, result.descriptor],
    after.operations,
    (chosen) => [
      [ARGUMENT.source, x],
      [ARGUMENT.weights, builder.as(weights, chosen(QUERY.weights))],
      ...after.operands,
      [scalesOf(ARGUMENT.weights), scales],
      [ARGUMENT.destination, result],
    ],
    [[ARGUMENT.weights, mask]],
  );
  builder.set(after.result, result);
  for (const each of [node, ...after.nodes]) builder.uses.finish(each);
  return true;
}

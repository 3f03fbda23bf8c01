import type { Builder } from '../engine/builder.js';
import { plainStrides, type Tensor } from '../engine/storage.js';
import { integer } from '../graph/flat-graph.js';
import { ARGUMENT, QUERY } from '../library/constants.js';
import { aligned, operationsAfter } from './after.js';
import type { Operator } from './operator.js';

/** The last two axes exchanged, without moving anything. */
function transposed(builder: Builder, x: Tensor): Tensor {
  const swap = (list: readonly number[]): number[] => [...list.slice(0, -2), list.at(-1)!, list.at(-2)!];
  return builder.view(x, swap(x.shape), swap(x.strides!));
}

/** Products of matrices, or of stacks of them, with elementwise operations after them. The result stays float32. */
export const matmul: Operator = (builder, node) => {
  const [left, right, extra] = node.inputs;
  const value = node.outputs[0]!;
  const { shape, type } = builder.graph.values[value]!;
  if (type !== 'float32' || extra !== undefined || shape.length < 2) return false;
  const operand = (input: number, isTransposed: boolean): Tensor => {
    const whole = aligned(builder, builder.asStrided(builder.get(input)), shape.length);
    return isTransposed ? transposed(builder, whole) : whole;
  };
  const a = operand(left!, integer(node, 'transA', 0) === 1);
  const b = operand(right!, integer(node, 'transB', 0) === 1);
  const after = operationsAfter(builder, value, false);
  const computed = builder.activation;
  // Weights are packed once; everything else is read as it lies.
  const isPacked = b.storage.isConstant && shape.length === 2;
  const source = a.type === computed ? a : builder.as(a, plainStrides(a.shape), computed);
  const weights = isPacked || b.type === computed ? b : builder.as(b, plainStrides(b.shape), computed);
  const layout = plainStrides(shape);
  const all = [a, b, ...after.operands.map(([, tensor]) => tensor)];
  const result = builder.fresh('float32', shape, layout, all);
  builder.emit(
    'dnnl_matmul_primitive_desc_create',
    [
      source.descriptor,
      isPacked ? builder.descriptor(computed, b.shape, null) : weights.descriptor,
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
  );
  builder.set(after.result, result);
  for (const each of [node, ...after.nodes]) builder.finish(each);
  return true;
};

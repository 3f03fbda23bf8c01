import type { Builder } from '../build/builder.js';
import { numbersOf } from '../build/constants.js';
import type { Tensor } from '../build/storage.js';
import type { FlatNode } from '../graph/flat-graph.js';
import { ARGUMENT, BINARY, FORWARD_INFERENCE, REDUCTION, SOFTMAX } from '../library/constants.js';
import { integer } from '../graph/flat-graph.js';
import { aligned, operationsAfter } from './after.js';
import { likeOf } from './eltwise.js';
import type { Operator } from './operator.js';

const COMMUTES = new Set(['Add', 'Mul', 'Max', 'Min']);

const isFloat = (builder: Builder, node: FlatNode): boolean =>
  builder.graph.values[node.inputs[0]!]!.type === 'float32' && node.inputs.length === 2;

/** Sums, products …: one operand has the shape of the result, the other one broadcasts. */
export const binary: Operator = (builder, node) => {
  const algorithm = BINARY[node.op];
  if (algorithm === undefined || !isFloat(builder, node)) return false;
  let [first, second] = node.inputs as [number, number];
  const value = node.outputs[0]!;
  const { shape } = builder.graph.values[value]!;
  const whole = (input: number): boolean => builder.graph.values[input]!.shape.join() === shape.join();
  if (!whole(first) && whole(second) && COMMUTES.has(node.op)) [first, second] = [second, first];
  if (!whole(first) || shape.length === 0) return false;
  const a = builder.get(first);
  const rest = aligned(builder, builder.get(second), a.shape.length);
  // one layout for both, which the library's fast code needs
  const isSame = rest.shape.join() === a.shape.join();
  const b =
    isSame && rest.storage !== a.storage ? builder.as(rest, a.strides ?? a.descriptor, rest.type) : rest;
  const after = operationsAfter(builder, value, false);
  const mayReuse = first !== second && builder.mayOverwrite(first);
  const all = [a, b, ...after.operands.map(([, tensor]) => tensor)];
  const result = mayReuse ? { ...a } : likeOf(builder, a, all);
  builder.steps.emit(
    'dnnl_binary_primitive_desc_create',
    [algorithm, a.descriptor, b.descriptor, result.descriptor],
    after.operations,
    () => [[ARGUMENT.source, a], [ARGUMENT.source1, b], ...after.operands, [ARGUMENT.destination, result]],
  );
  builder.set(after.result, result);
  for (const each of [node, ...after.nodes]) builder.uses.finish(each);
  return true;
};

/** Reductions of floats along axes, in float32. */
export const reduction: Operator = (builder, node) => {
  const algorithm = REDUCTION[node.op];
  const value = node.outputs[0]!;
  const [input] = node.inputs as [number];
  const { type, shape: from } = builder.graph.values[input]!;
  if (algorithm === undefined || type !== 'float32' || from.length === 0) return false;
  const axes = numbersOf(builder, node, 1).map((axis) => (axis < 0 ? axis + from.length : axis));
  if (axes.every((axis) => from[axis] === 1)) return false;
  const x = builder.asPlain(builder.get(input), 'float32');
  const kept = from.map((size, axis) => (axes.includes(axis) ? 1 : size));
  const result = builder.memory.plain('float32', kept, [x]);
  builder.steps.emit(
    'dnnl_reduction_primitive_desc_create',
    [algorithm, x.descriptor, result.descriptor, 0, 0],
    [],
    () => [
      [ARGUMENT.source, x],
      [ARGUMENT.destination, result],
    ],
  );
  const { shape } = builder.graph.values[value]!;
  builder.set(value, reshaped(builder, result, shape));
  builder.uses.finish(node);
  return true;
};

/** A plain tensor with another shape. */
export function reshaped(builder: Builder, x: Tensor, shape: readonly number[]): Tensor {
  const sizes = shape.length === 0 ? [1] : shape;
  if (x.shape.join() === sizes.join()) return x;
  const strides = sizes.map((_, axis) => sizes.slice(axis + 1).reduce((product, size) => product * size, 1));
  return builder.memory.view(x, sizes, strides);
}

export const softmax: Operator = (builder, node) => {
  const [input] = node.inputs as [number];
  const x = builder.asPlain(builder.get(input), 'float32');
  if (builder.graph.values[input]!.type !== 'float32') return false;
  const axis = integer(node, 'axis', -1);
  const result = builder.memory.plain('float32', x.shape, [x]);
  builder.steps.emit(
    'dnnl_softmax_forward_primitive_desc_create',
    [
      FORWARD_INFERENCE,
      SOFTMAX[node.op]!,
      x.descriptor,
      result.descriptor,
      axis < 0 ? axis + x.shape.length : axis,
    ],
    [],
    () => [
      [ARGUMENT.source, x],
      [ARGUMENT.destination, result],
    ],
  );
  builder.set(node.outputs[0]!, result);
  builder.uses.finish(node);
  return true;
};

import type { Builder } from '../build/builder.js';
import { numbersOf } from '../build/constants.js';
import { plainStrides, type Tensor } from '../build/storage.js';
import { integer, integers } from '../graph/flat-graph.js';
import type { FlatNode } from '../graph/flat-graph.js';
import { reshaped } from './binary.js';
import type { Operator } from './operator.js';

const finish = (builder: Builder, node: FlatNode, result: Tensor): true => {
  builder.set(node.outputs[0]!, result);
  builder.uses.finish(node);
  return true;
};

/** Axes in another order: a view of the same memory. A layout that the library chose is first brought to the new order. */
export const transpose: Operator = (builder, node) => {
  const x = builder.get(node.inputs[0]!);
  const order = integers(node, 'perm');
  const shape = order.map((axis) => x.shape[axis]!);
  let strided = x;
  if (x.strides === null) {
    const plain = plainStrides(shape);
    const strides = x.shape.map((_, axis) => plain[order.indexOf(axis)]!);
    strided = builder.as(x, strides);
  }
  const view = builder.memory.view(
    strided,
    shape,
    order.map((axis) => strided.strides![axis]!),
  );
  return finish(builder, node, view);
};

export const reshape: Operator = (builder, node) => {
  const x = builder.get(node.inputs[0]!);
  const { shape } = builder.graph.values[node.outputs[0]!]!;
  return finish(builder, node, reshaped(builder, builder.asPlain(x), shape));
};

/** A part of a tensor, as a view. */
export const slice: Operator = (builder, node) => {
  const [begins, ends, axes, steps] = [1, 2, 3, 4].map((input) => numbersOf(builder, node, input)) as [
    number[],
    number[],
    number[],
    number[],
  ];
  const { shape } = builder.graph.values[node.outputs[0]!]!;
  if (steps.some((step) => step < 1) || ends.length !== begins.length || shape.includes(0)) return false;
  const x = builder.asStrided(builder.get(node.inputs[0]!));
  const strides = [...x.strides!];
  let offset = 0;
  axes.forEach((axis, i) => {
    offset += begins[i]! * x.strides![axis]!;
    strides[axis] = x.strides![axis]! * steps[i]!;
  });
  return finish(builder, node, builder.memory.view(x, shape, strides, offset));
};

/** Tensors one after the other along an axis: each is copied to its place. */
export const concat: Operator = (builder, node) => {
  const inputs = node.inputs.map((input) => builder.get(input!));
  const { shape } = builder.graph.values[node.outputs[0]!]!;
  const axis = integer(node, 'axis', 0);
  const type = inputs[0]!.type;
  const result = builder.memory.plain(type, shape, inputs);
  let at = 0;
  for (const x of inputs) {
    if (x.shape[axis] === 0) return false;
    builder.copy(x, builder.memory.view(result, x.shape, result.strides!, at * result.strides![axis]!));
    at += x.shape[axis]!;
  }
  return finish(builder, node, result);
};

/** A tensor with a number around it. */
export const pad: Operator = (builder, node) => {
  if (node.attributes['mode'] !== undefined && node.attributes['mode'] !== 'constant') return false;
  const x = builder.get(node.inputs[0]!);
  const pads = numbersOf(builder, node, 1);
  if (pads.some((each) => each < 0) || x.type === 'bfloat16') return false;
  const fill = node.inputs.length > 2 ? numbersOf(builder, node, 2)[0]! : 0;
  const { shape } = builder.graph.values[node.outputs[0]!]!;
  const result = builder.memory.plain(x.type, shape, [x]);
  builder.steps.emitHost([], [result], (_, [whole]) => whole!.data.fill(fill));
  const offset = x.shape.reduce((sum, _, axis) => sum + pads[axis]! * result.strides![axis]!, 0);
  builder.copy(x, builder.memory.view(result, x.shape, result.strides!, offset));
  return finish(builder, node, result);
};

/** Bytes and integers to floats; everything else is the host's. */
export const cast: Operator = (builder, node) => {
  const from = builder.graph.values[node.inputs[0]!]!.type;
  const to = builder.graph.values[node.outputs[0]!]!.type;
  if (to !== 'float32' || from === 'float32') return false;
  const x = builder.get(node.inputs[0]!);
  return finish(builder, node, builder.as(builder.asStrided(x), x.strides!, 'float32'));
};

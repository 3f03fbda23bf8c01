import * as tf from '@tensorflow/tfjs-core';
import { sizeOf } from '@anc/core';
import type { Call, Operator } from '../values/call.js';
import { combine } from './elementwise.js';
import { transposed } from './shapes.js';
import {
  dimsOf,
  inOrder,
  laid,
  natural,
  naturalOrder,
  onBackend,
  reshaped,
  reshapedTo,
  type Laid,
  type Value,
} from '../values/value.js';

/** A matrix in the layout that it has: transposed or not. */
function matrix(value: Value): { x: tf.Tensor; transposed: boolean } {
  const { order, x } = onBackend(value);
  const rank = order.length;
  const swapped = [...naturalOrder(rank - 2), rank - 1, rank - 2];
  return order.every((axis, at) => axis === swapped[at])
    ? { x, transposed: true }
    : { x: natural(value), transposed: false };
}

const scaled = (x: tf.Tensor, factor: number): tf.Tensor => (factor === 1 ? x : tf.mul(x, factor));

/** α·A·B + β·C, with A and B transposed as the attributes say. */
const gemm: Operator = (call) => {
  const side = (index: number, flag: string): Value =>
    call.number(flag, 0) === 1 ? transposed(call.input(index), [1, 0]) : call.input(index);
  const [a, b] = [side(0, 'transA'), side(1, 'transB')];
  const y = scaled(product(call, a, b, call.optional(2) !== null), call.number('alpha', 1));
  const c = call.optional(2);
  if (c === null) return laid(y);
  const bias = laid(scaled(natural(c), call.number('beta', 1)));
  return combine(call, laid(y), bias, tf.add, () => NaN);
};

/** The product of two matrices [m, k] and [k, n], counted. */
function product(call: Call, left: Value, right: Value, biased: boolean): tf.Tensor {
  const [a, b] = [matrix(left), matrix(right)];
  const { context, count } = call.around;
  const x = context.operand ? context.operand(a.x, b.x) : a.x;
  const y = tf.matMul(x, b.x, a.transposed, b.transposed);
  count(y.size * (2 * dimsOf(right)[0]! + (biased ? 1 : 0)));
  return y;
}

/** As NumPy multiplies: matrices, and stacks of them. */
const matmul: Operator = (call) => {
  const [a, b] = [call.input(0), call.input(1)];
  const [left, right] = [dimsOf(a), dimsOf(b)];
  if (left.length < 2 || right.length < 2) throw call.error('a product with a vector');
  if (right.length === 2) {
    const depth = right[0]!;
    const rows = reshapedTo(laid(natural(a)), [sizeOf(left) / depth, depth]);
    return laid(reshaped(product(call, rows, b, false), [...left.slice(0, -1), right[1]!]));
  }
  const [first, second] = stacked(call, a, b);
  const [x, y] = [matrix(first), matrix(second)];
  const result = tf.matMul(x.x, y.x, x.transposed, y.transposed);
  call.around.count(result.size * 2 * left.at(-1)!);
  return laid(result);
};

/** Stacks of matrices with equal axes before the last two. */
function stacked(call: Call, a: Value, b: Value): [Value, Value] {
  const [left, right] = [dimsOf(a), dimsOf(b)];
  const rank = Math.max(left.length, right.length);
  const lead = (dims: readonly number[]): number[] => [
    ...naturalOrder(rank - dims.length).map(() => 1),
    ...dims.slice(0, -2),
  ];
  const [mine, theirs] = [lead(left), lead(right)];
  const both = mine.map((size, axis) => Math.max(size, theirs[axis]!));
  const grown = (value: Value, dims: readonly number[], own: readonly number[]): Value => {
    if (own.length === dims.length - 2 && own.every((size, axis) => size === both[axis])) return value;
    const to = [...both, ...dims.slice(-2)];
    const x = reshaped(natural(value), [...own, ...dims.slice(-2)]);
    try {
      return laid(x.shape.join() === to.join() ? x : tf.broadcastTo(x, to));
    } catch {
      throw call.error(`a product of [${left.join(', ')}] and [${right.join(', ')}]`);
    }
  };
  return [grown(a, left, mine), grown(b, right, theirs)];
}

/** Along one axis: it is brought to the end, where tfjs wants it. Until opset 12, over all axes from it on. */
const softmax =
  (f: (x: tf.Tensor) => tf.Tensor): Operator =>
  (call) => {
    const value = onBackend(call.input(0));
    const dims = dimsOf(value);
    const isOld = call.around.opset < 13;
    const axis = call.axis(call.number('axis', isOld ? 1 : -1), dims.length);
    if (isOld && sizeOf(dims.slice(axis + 1)) > 1) {
      const flat = reshaped(natural(value), [sizeOf(dims.slice(0, axis)), sizeOf(dims.slice(axis))]);
      return laid(reshaped(f(flat), dims));
    }
    const order = [...value.order.filter((one) => one !== axis), axis];
    return laid(f(inOrder(value, order)), order);
  };

/** softmax(Q·Kᵀ·scale + mask)·V over [B, heads, S, d] or, with the number of heads, [B, S, heads·d]. */
const attention: Operator = (call) => {
  const heads = call.number('q_num_heads', 0);
  if ((call.number('kv_num_heads', heads) || heads) !== heads || call.number('softcap', 0) !== 0)
    throw call.error('shared heads or capped scores');
  const isFlat = call.rank(0) === 3;
  const apart = (index: number): Laid => {
    const value = call.input(index);
    if (!isFlat) return laid(natural(value));
    const [batch, length, width] = dimsOf(value) as [number, number, number];
    const four = reshapedTo(laid(natural(value)), [batch, length, heads, width / heads]);
    return laid(natural(transposed(four, [0, 2, 1, 3])));
  };
  const [q, k, v] = [apart(0), apart(1), apart(2)];
  if (q.x.shape[1] !== k.x.shape[1]) throw call.error('shared heads');
  const [batch, count, length, depth] = q.x.shape as [number, number, number, number];
  const scores = tf.mul(tf.matMul(q.x, k.x, false, true), call.number('scale', 1 / Math.sqrt(depth)));
  if (call.number('is_causal', 0) === 1) throw call.error('a causal mask');
  const mask = call.optional(3);
  const masked = mask === null ? laid(scores) : combine(call, laid(scores), mask, tf.add, () => NaN);
  const y = tf.matMul(tf.softmax(natural(masked)), v.x);
  call.around.count(scores.size * 2 * depth + y.size * 2 * k.x.shape[2]!);
  if (!isFlat) return laid(y);
  const joined = natural(transposed(laid(y), [0, 2, 1, 3]));
  return laid(reshaped(joined, [batch, length, count * v.x.shape[3]!]));
};

export const products: Readonly<Record<string, Operator>> = {
  Gemm: gemm,
  MatMul: matmul,
  Softmax: softmax((x) => tf.softmax(x)),
  LogSoftmax: softmax((x) => tf.logSoftmax(x)),
  Attention: attention,
};

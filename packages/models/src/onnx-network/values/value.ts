import { sizeOf } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';

/** Numbers that are known without computing on a backend: shapes, axes, and constants that are not trained. */
export interface Known {
  readonly kind: 'known';
  readonly type: 'float' | 'integer';
  readonly dims: readonly number[];
  readonly data: ArrayLike<number>;
}

/**
 * A tensor in a layout of its own: axis `p` in memory is axis `order[p]` of the ONNX graph. An image [N, C, H, W] that
 * is stored as [N, H, W, C] has the order [0, 2, 3, 1], so that transposes change the order alone.
 */
export interface Laid {
  readonly kind: 'laid';
  readonly x: tf.Tensor;
  readonly order: readonly number[];
}

/** A value of the graph while it is evaluated. */
export type Value = Known | Laid;

export const naturalOrder = (rank: number): number[] => Array.from({ length: rank }, (_, axis) => axis);

/** Order in memory of the graph's [N, C, H, W] as tfjs takes images: [N, H, W, C]. */
export const CHANNELS_LAST: readonly number[] = [0, 2, 3, 1];

export const known = (
  data: ArrayLike<number>,
  dims: readonly number[] = [data.length],
  type: Known['type'] = 'integer',
): Known => ({ kind: 'known', type, dims, data });

export const laid = (x: tf.Tensor, order: readonly number[] = naturalOrder(x.rank)): Laid => ({
  kind: 'laid',
  x,
  order,
});

/** Sizes of the axes, in the graph's order. */
export function dimsOf(value: Value): number[] {
  if (value.kind === 'known') return [...value.dims];
  const dims: number[] = Array.from({ length: value.order.length });
  value.order.forEach((axis, at) => (dims[axis] = value.x.shape[at]!));
  return dims;
}

/** The same value on the backend. */
export const onBackend = (value: Value): Laid =>
  value.kind === 'laid' ? value : laid(tf.tensor(Float32Array.from(value.data), [...value.dims], 'float32'));

/** The tensor with its axes in another order in memory. Axes of size 1 move without a transpose. */
export function inOrder(value: Value, order: readonly number[]): tf.Tensor {
  const own = onBackend(value);
  const dims = dimsOf(own);
  const moving = (sequence: readonly number[]): number[] => sequence.filter((axis) => dims[axis] !== 1);
  if (moving(own.order).every((axis, i) => axis === moving(order)[i])) {
    return reshaped(
      own.x,
      order.map((axis) => dims[axis]!),
    );
  }
  return tf.transpose(
    own.x,
    order.map((axis) => own.order.indexOf(axis)),
  );
}

/** The tensor in the graph's order. */
export const natural = (value: Value): tf.Tensor => inOrder(value, naturalOrder(dimsOf(value).length));

/** tf.reshape, left out where it changes nothing. */
export const reshaped = (x: tf.Tensor, shape: readonly number[]): tf.Tensor =>
  x.rank === shape.length && x.shape.every((size, axis) => size === shape[axis])
    ? x
    : tf.reshape(x, [...shape]);

/** A value with the given sizes. Where groups of axes are split or merged within the layout, no transpose is needed. */
export function reshapedTo(value: Value, to: readonly number[]): Value {
  if (value.kind === 'known') return { ...value, dims: to };
  const from = dimsOf(value);
  const groups = matchingGroups(from, to);
  const large = value.order.filter((axis) => from[axis] !== 1);
  const within = groups?.every(
    ({ before }) =>
      before.length < 2 ||
      before.every((axis, i) => i === 0 || large.indexOf(axis) === large.indexOf(before[i - 1]!) + 1),
  );
  if (!groups || !within) return laid(reshaped(natural(value), to));
  const order = large.flatMap((axis) => groups.find(({ before }) => before[0] === axis)?.after ?? []);
  const unit = naturalOrder(to.length).filter((axis) => to[axis] === 1);
  const all = [...order, ...unit];
  return laid(
    reshaped(
      value.x,
      all.map((axis) => to[axis]!),
    ),
    all,
  );
}

/** Smallest groups of neighboring axes with the same number of elements before and after; null where there are none. */
function matchingGroups(
  from: readonly number[],
  to: readonly number[],
): { readonly before: readonly number[]; readonly after: readonly number[] }[] | null {
  const axes = (dims: readonly number[]): number[] =>
    dims.flatMap((size, axis) => (size === 1 ? [] : [axis]));
  const [before, after] = [axes(from), axes(to)];
  const groups: { before: number[]; after: number[] }[] = [];
  while (before.length > 0 || after.length > 0) {
    const group = { before: [before.shift()], after: [after.shift()] };
    for (;;) {
      if (group.before.at(-1) === undefined || group.after.at(-1) === undefined) return null;
      const size = sizeOf(group.before.map((axis) => from[axis!]!));
      const other = sizeOf(group.after.map((axis) => to[axis!]!));
      if (size === other) break;
      if (size < other) group.before.push(before.shift());
      else group.after.push(after.shift());
    }
    groups.push(group as { before: number[]; after: number[] });
  }
  return groups;
}

import { sizeOf } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Operator } from '../values/call.js';
import {
  broadcastDims,
  broadcastKnown,
  concatKnown,
  takeKnown,
  transposeKnown,
} from '../values/known-values.js';
import { resolvedSizes } from '../values/resolved-sizes.js';
import {
  dimsOf,
  inOrder,
  known,
  laid,
  natural,
  naturalOrder,
  onBackend,
  reshapedTo,
  type Known,
  type Laid,
  type Value,
} from '../values/value.js';

const reshape: Operator = (call) => {
  const value = call.input(0);
  const given = call.list('shape') ?? call.numbers(1) ?? [];
  return reshapedTo(value, resolvedSizes(call, dimsOf(value), given));
};

const flatten: Operator = (call) => {
  const dims = dimsOf(call.input(0));
  const given = call.number('axis', 1);
  const axis = given < 0 ? given + dims.length : given;
  return reshapedTo(call.input(0), [sizeOf(dims.slice(0, axis)), sizeOf(dims.slice(axis))]);
};

const squeeze: Operator = (call) => {
  const dims = dimsOf(call.input(0));
  const axes = call.axes(dims.length) ?? naturalOrder(dims.length).filter((axis) => dims[axis] === 1);
  return reshapedTo(
    call.input(0),
    dims.filter((_, axis) => !axes.includes(axis)),
  );
};

const unsqueeze: Operator = (call) => {
  const dims = dimsOf(call.input(0));
  const given = call.list('axes') ?? call.numbers(1) ?? [];
  const rank = dims.length + given.length;
  const axes = given.map((axis) => call.axis(axis, rank));
  const rest = [...dims];
  return reshapedTo(
    call.input(0),
    naturalOrder(rank).map((axis) => (axes.includes(axis) ? 1 : rest.shift()!)),
  );
};

/** The value with its axes permuted: axis `i` of the result is axis `perm[i]`. No data moves. */
export function transposed(value: Value, perm: readonly number[]): Value {
  if (value.kind === 'known') return transposeKnown(value, perm);
  return laid(
    value.x,
    value.order.map((axis) => perm.indexOf(axis)),
  );
}

const transpose: Operator = (call) => {
  const rank = call.rank(0);
  return transposed(call.input(0), call.list('perm') ?? naturalOrder(rank).reverse());
};

/** An axis of the value's tensor. */
const placeOf = ({ order }: Laid, axis: number): number => order.indexOf(axis);

const concat: Operator = (call) => {
  const all = call.inputs.map((_, i) => call.input(i));
  const axis = call.axis(call.number('axis', 0), dimsOf(all[0]!).length);
  if (all.every((value): value is Known => value.kind === 'known')) return concatKnown(all, axis);
  const values = all.filter((value) => sizeOf(dimsOf(value)) > 0);
  const { order } = values.find((value): value is Laid => value.kind === 'laid')!;
  const { now, exported } = call.around.batch;
  const tensors = values.map((value) => {
    const x = inOrder(value, order);
    const first = order.indexOf(0);
    const isOfExport = axis !== 0 && exported !== null && x.shape[first] === exported && exported !== now;
    if (!isOfExport || now % exported !== 0) return x;
    return tf.tile(
      x,
      x.shape.map((_, at) => (at === first ? now / exported : 1)),
    );
  });
  return laid(tf.concat(tensors, order.indexOf(axis)), order);
};

/** Part of a value along one axis. */
export function sliced(value: Laid, axis: number, begin: number, size: number): Laid {
  const at = placeOf(value, axis);
  const { shape } = value.x;
  if (begin === 0 && size === shape[at]) return value;
  return laid(
    tf.slice(
      value.x,
      shape.map((_, i) => (i === at ? begin : 0)),
      shape.map((length, i) => (i === at ? size : length)),
    ),
    value.order,
  );
}

const split: Operator = (call) => {
  const value = call.input(0);
  const dims = dimsOf(value);
  const axis = call.axis(call.number('axis', 0), dims.length);
  const count = call.node.outputs.length;
  const each = Math.ceil(dims[axis]! / count);
  const sizes =
    call.list('split') ??
    call.numbers(1) ??
    naturalOrder(count).map((i) => Math.min(each, dims[axis]! - i * each));
  if (value.kind === 'known') {
    return sizes.map((size, i) => {
      const begin = sizes.slice(0, i).reduce((sum, one) => sum + one, 0);
      return takeKnown(
        value,
        axis,
        Array.from({ length: size }, (_, k) => begin + k),
        [size],
      );
    });
  }
  return tf.split(value.x, [...sizes], placeOf(value, axis)).map((part) => laid(part, value.order));
};

const slice: Operator = (call) => {
  let value = call.input(0);
  const starts = call.list('starts') ?? call.numbers(1) ?? [];
  const ends = call.list('ends') ?? call.numbers(2) ?? [];
  const rank = dimsOf(value).length;
  const axes = call.axes(rank, 3) ?? naturalOrder(starts.length);
  const steps = call.numbers(4) ?? starts.map(() => 1);
  for (const [i, axis] of axes.entries()) {
    const length = dimsOf(value)[axis]!;
    const step = steps[i]!;
    const [low, high] = step > 0 ? [0, length] : [-1, length - 1];
    const within = (index: number): number =>
      Math.min(Math.max(index < 0 ? index + length : index, low), high);
    const [begin, end] = [within(starts[i]!), within(ends[i]!)];
    const count = Math.max(0, Math.ceil((end - begin) / step));
    value =
      value.kind === 'laid' && step === 1
        ? sliced(value, axis, begin, count)
        : taken(
            value,
            axis,
            Array.from({ length: count }, (_, k) => begin + k * step),
            [count],
          );
  }
  return value;
};

/** Elements along an axis by indices, as `dims` in place of the axis. */
function taken(value: Value, axis: number, indices: readonly number[], dims: readonly number[]): Value {
  if (value.kind === 'known') return takeKnown(value, axis, indices, dims);
  const length = dimsOf(value)[axis]!;
  const places = indices.map((index) => (index < 0 ? index + length : index));
  const isRange = places.every((place, i) => place === places[0]! + i);
  const part = isRange
    ? sliced(value, axis, places[0] ?? 0, places.length)
    : laid(tf.gather(value.x, tf.tensor1d(places, 'int32'), placeOf(value, axis)), value.order);
  const all = dimsOf(part);
  return dims.length === 1
    ? part
    : reshapedTo(part, [...all.slice(0, axis), ...dims, ...all.slice(axis + 1)]);
}

const gather: Operator = (call) => {
  const value = call.input(0);
  const indices = call.known(call.input(1), 1);
  const axis = call.axis(call.number('axis', 0), dimsOf(value).length);
  return taken(value, axis, Array.from(indices.data), indices.dims);
};

const expand: Operator = (call) => {
  const value = call.input(0);
  const sizes = call.numbers(1) ?? [];
  const dims = broadcastDims(dimsOf(value), sizes);
  if (dims === null)
    throw call.error(`a value of shape [${dimsOf(value).join(', ')}] as [${sizes.join(', ')}]`);
  call.bounded(dims);
  if (value.kind === 'known') return broadcastKnown(value, dims);
  const own = dimsOf(value);
  const ranked = reshapedTo(value, [...naturalOrder(dims.length - own.length).map(() => 1), ...own]) as Laid;
  const shape = ranked.order.map((axis) => dims[axis]!);
  return ranked.x.shape.join() === shape.join()
    ? ranked
    : laid(tf.broadcastTo(ranked.x, shape), ranked.order);
};

const tile: Operator = (call) => {
  const value = onBackend(call.input(0));
  const reps = call.numbers(1) ?? [];
  return laid(
    tf.tile(
      value.x,
      value.order.map((axis) => reps[axis]!),
    ),
    value.order,
  );
};

const pad: Operator = (call) => {
  const value = onBackend(call.input(0));
  const rank = value.order.length;
  const pads = call.list('pads') ?? call.numbers(1) ?? [];
  const axes = call.numbers(3)?.map((axis) => call.axis(axis, rank)) ?? naturalOrder(rank);
  const around = value.order.map((axis): [number, number] => {
    const at = axes.indexOf(axis);
    return at < 0 ? [0, 0] : [pads[at]!, pads[at + axes.length]!];
  });
  if (around.flat().every((amount) => amount === 0)) return value;
  if (around.flat().some((amount) => amount < 0)) throw call.error('negative padding');
  const mode = call.text('mode', 'constant');
  if (mode === 'reflect') return laid(tf.mirrorPad(value.x, around, 'reflect'), value.order);
  if (mode !== 'constant') throw call.error(`padding of mode ${mode}`);
  const filling = call.numbers(2)?.[0] ?? call.number('value', 0);
  return laid(tf.pad(value.x, around, filling), value.order);
};

/** [N, C, H, W] and blocks of pixels: [N, C / b², H·b, W·b] or back. */
const depthToSpace: Operator = (call) => {
  const [n, c, h, w] = dimsOf(call.input(0)) as [number, number, number, number];
  const b = call.number('blocksize', 1);
  const isDepthFirst = call.text('mode', 'DCR') === 'DCR';
  const parts = isDepthFirst ? [n, b, b, c / (b * b), h, w] : [n, c / (b * b), b, b, h, w];
  const apart = laid(natural(reshapedTo(call.input(0), parts)));
  const perm = isDepthFirst ? [0, 3, 4, 1, 5, 2] : [0, 1, 4, 2, 5, 3];
  return reshapedTo(transposed(apart, perm), [n, c / (b * b), h * b, w * b]);
};

const spaceToDepth: Operator = (call) => {
  const [n, c, h, w] = dimsOf(call.input(0)) as [number, number, number, number];
  const b = call.number('blocksize', 1);
  const apart = laid(natural(reshapedTo(call.input(0), [n, c, h / b, b, w / b, b])));
  return reshapedTo(transposed(apart, [0, 3, 5, 1, 2, 4]), [n, c * b * b, h / b, w / b]);
};

export const shapes: Readonly<Record<string, Operator>> = {
  Reshape: reshape,
  Flatten: flatten,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Transpose: transpose,
  Concat: concat,
  Split: split,
  Slice: slice,
  Gather: gather,
  Expand: expand,
  Tile: tile,
  Pad: pad,
  DepthToSpace: depthToSpace,
  SpaceToDepth: spaceToDepth,
  Shape: (call) => {
    const dims = dimsOf(call.input(0));
    return known(dims.slice(call.number('start', 0), call.number('end', dims.length)));
  },
  Size: (call) => known([sizeOf(dimsOf(call.input(0)))], []),
  ConstantOfShape: (call) => {
    const value = call.tensor('value');
    const dims = call.bounded(call.numbers(0) ?? []);
    return known(new Float64Array(sizeOf(dims)).fill(value?.data[0] ?? 0), dims, value?.type ?? 'float');
  },
  Range: (call) => {
    const [start, limit, step] = [0, 1, 2].map((i) => call.numbers(i)![0]!) as [number, number, number];
    const [count] = call.bounded([Math.max(0, Math.ceil((limit - start) / step))]);
    return known(Array.from({ length: count! }, (_, i) => start + i * step));
  },
};

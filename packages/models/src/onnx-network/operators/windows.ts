import { sizeOf } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Call, Operator } from '../values/call.js';
import {
  CHANNELS_LAST,
  dimsOf,
  inOrder,
  laid,
  natural,
  naturalOrder,
  onBackend,
  reshaped,
} from '../values/value.js';

/** A window over images: sizes as [height, width], paddings as [[top, bottom], [left, right]]. */
interface Window {
  readonly kernel: readonly [number, number];
  readonly strides: [number, number];
  readonly dilations: [number, number];
  readonly pads: readonly [readonly [number, number], readonly [number, number]];
}

type Pads = tf.backend_util.ExplicitPadding;

/** Rows and columns around images [N, H, W, C], as tfjs takes them. */
const around = ([rows, columns]: Window['pads']): Pads => [[0, 0], [...rows], [...columns], [0, 0]];

/** The image that a window operator reads, as [N, H, W, C]. */
function image(call: Call): tf.Tensor4D {
  if (call.rank(0) !== 4) throw call.error(`a window over a value of rank ${call.rank(0)}, not of images`);
  return inOrder(call.input(0), CHANNELS_LAST) as tf.Tensor4D;
}

function windowOf(call: Call, kernel: readonly number[], x: tf.Tensor4D): Window {
  const pair = (name: string): [number, number] => {
    const [height = 1, width = 1] = call.list(name) ?? [];
    return [height, width];
  };
  const [strides, dilations] = [pair('strides'), pair('dilations')];
  const [top = 0, left = 0, bottom = 0, right = 0] = call.list('pads') ?? [];
  const how = call.text('auto_pad', 'NOTSET');
  const explicit = [
    [top, bottom],
    [left, right],
  ] as const;
  const automatic = (axis: 0 | 1): readonly [number, number] => {
    if (how === 'VALID') return [0, 0];
    const length = x.shape[axis + 1]!;
    const span = (kernel[axis]! - 1) * dilations[axis] + 1;
    const total = Math.max(0, (Math.ceil(length / strides[axis]) - 1) * strides[axis] + span - length);
    const less = Math.floor(total / 2);
    return how === 'SAME_LOWER' ? [total - less, less] : [less, total - less];
  };
  const pads = how === 'NOTSET' ? explicit : ([automatic(0), automatic(1)] as const);
  return { kernel: [kernel[0]!, kernel[1]!], strides, dilations, pads };
}

/** Rows of zeros between those of a kernel [kh, kw, …], so that its gradient needs no dilation. */
function dilated(kernel: tf.Tensor4D, [rows, columns]: readonly [number, number]): tf.Tensor4D {
  const apart = (x: tf.Tensor4D, axis: 0 | 1, rate: number): tf.Tensor4D => {
    if (rate === 1) return x;
    const [height, width, ...rest] = x.shape;
    const wide = axis === 0 ? [height, 1, width * sizeOf(rest)] : [height * width, 1, sizeOf(rest)];
    const padded = tf.pad(tf.reshape(x, wide), [
      [0, 0],
      [0, rate - 1],
      [0, 0],
    ]);
    const shape = axis === 0 ? [height * rate, width, ...rest] : [height, width * rate, ...rest];
    return tf.slice(
      tf.reshape(padded, shape),
      [0, 0, 0, 0],
      shape.map((size, at) => (at === axis ? size - rate + 1 : size)),
    ) as tf.Tensor4D;
  };
  return apart(apart(kernel, 0, rows), 1, columns);
}

/**
 * x [N, C, H, W], W [O, C / groups, kh, kw]. A group per channel is a depthwise convolution; other groups are
 * convolutions of their own, whose outputs are concatenated.
 */
const conv: Operator = (call) => {
  const x = image(call);
  const groups = call.number('group', 1);
  const channels = x.shape[3];
  const isDepthwise = groups > 1 && groups === channels;
  const kernel = inOrder(call.input(1), isDepthwise ? DEPTHWISE : FILTER) as tf.Tensor4D;
  const [height, width] = kernel.shape;
  const window = windowOf(call, [height, width], x);
  if (!isDepthwise && kernel.shape[2] * groups !== channels)
    throw call.error(`${kernel.shape[2] * groups} channels are expected, and the image has ${channels}`);
  const { context, count } = call.around;
  const operand = (context.operand ? context.operand(x, kernel) : x) as tf.Tensor4D;
  const y = convolved(operand, dilated(kernel, window.dilations), groups, isDepthwise, window);
  const bias = call.optional(2);
  count(y.size * (2 * height * width * (channels / groups) + (bias ? 1 : 0)));
  return laid(bias ? tf.add(y, natural(bias)) : y, CHANNELS_LAST);
};

/** Orders in memory of W [O, I, kh, kw]: tfjs's kernels are [kh, kw, I, O], and [kh, kw, C, M] where each channel has its own. */
export const FILTER: readonly number[] = [2, 3, 1, 0];
export const DEPTHWISE: readonly number[] = [2, 3, 0, 1];

function convolved(
  x: tf.Tensor4D,
  kernel: tf.Tensor4D,
  groups: number,
  isDepthwise: boolean,
  { strides, pads }: Window,
): tf.Tensor4D {
  const pad = around(pads);
  if (isDepthwise) {
    const [height, width, outputs] = kernel.shape;
    const own = reshaped(kernel, [height, width, groups, outputs / groups]) as tf.Tensor4D;
    return tf.depthwiseConv2d(x, own, strides, pad, 'NHWC', 1, 'floor');
  }
  const apply = (part: tf.Tensor4D, filter: tf.Tensor4D): tf.Tensor4D =>
    tf.conv2d(part, filter, strides, pad, 'NHWC', 1, 'floor');
  if (groups === 1) return apply(x, kernel);
  const filters = tf.split(kernel, groups, 3);
  return tf.concat(
    tf.split(x, groups, 3).map((part, g) => apply(part as tf.Tensor4D, filters[g]! as tf.Tensor4D)),
    3,
  );
}

/** Padding of a pooling, with what `ceil_mode` adds at the end: the last window starts inside the image. */
function poolPads(call: Call, window: Window, x: tf.Tensor4D): Window['pads'] {
  if (call.number('ceil_mode', 0) === 0) return window.pads;
  const more = (axis: 0 | 1): readonly [number, number] => {
    const [before, after] = window.pads[axis];
    const length = x.shape[axis + 1]!;
    const stride = window.strides[axis];
    const left = length + before + after - window.kernel[axis];
    let count = Math.ceil(left / stride) + 1;
    if ((count - 1) * stride >= length + before) count--;
    return [before, after + Math.max(0, (count - 1) * stride - left)];
  };
  return [more(0), more(1)];
}

const maxPool: Operator = (call) => {
  const x = image(call);
  const window = windowOf(call, call.list('kernel_shape') ?? [], x);
  if (Math.max(...window.dilations) > 1) throw call.error('dilated pooling');
  const pads = poolPads(call, window, x);
  return laid(tf.maxPool(x, [...window.kernel], window.strides, around(pads), 'floor'), CHANNELS_LAST);
};

const averagePool: Operator = (call) => {
  const x = image(call);
  const window = windowOf(call, call.list('kernel_shape') ?? [], x);
  if (Math.max(...window.dilations) > 1) throw call.error('dilated pooling');
  const pads = poolPads(call, window, x);
  const isCounted = call.number('count_include_pad', 0) === 1;
  const hasPads = window.pads.flat().some((amount) => amount > 0);
  if (!isCounted || !hasPads)
    return laid(tf.avgPool(x, [...window.kernel], window.strides, around(pads), 'floor'), CHANNELS_LAST);
  const padded = tf.pad(x, around(window.pads));
  const rest = [0, 1].map(
    (axis) => [0, pads[axis]![1] - window.pads[axis]![1]] as const,
  ) as unknown as Window['pads'];
  return laid(tf.avgPool(padded, [...window.kernel], window.strides, around(rest), 'floor'), CHANNELS_LAST);
};

/** Over all axes but batch and channels: [N, C, …] -> [N, C, 1, …]. */
const globalPool =
  (f: (x: tf.Tensor, axes: number[]) => tf.Tensor): Operator =>
  (call) => {
    const { x, order } = onBackend(call.input(0));
    const axes = naturalOrder(order.length).filter((at) => order[at]! > 1);
    return laid(f(x, axes), order);
  };

/** Bilinear and nearest resizing of images. */
const resize: Operator = (call) => {
  const x = image(call);
  const [, , height, width] = dimsOf(call.input(0)) as [number, number, number, number];
  const isOld = call.node.op === 'Upsample' || call.around.opset < 11;
  const sizes = isOld ? null : call.numbers(3);
  const scales = isOld ? (call.list('scales') ?? call.numbers(1)) : call.numbers(2);
  const to: [number, number] =
    sizes !== null && sizes.length === 4
      ? [sizes[2]!, sizes[3]!]
      : [Math.floor(height * (scales?.[2] ?? 1)), Math.floor(width * (scales?.[3] ?? 1))];
  const mode = call.text('mode', 'nearest');
  const how = isOld ? 'asymmetric' : call.text('coordinate_transformation_mode', 'half_pixel');
  if (call.list('axes') || call.number('antialias', 0) === 1) throw call.error('with axes or antialiasing');
  const hasPixelCenters = how === 'half_pixel' || how === 'pytorch_half_pixel';
  if (!hasPixelCenters && how !== 'asymmetric' && how !== 'align_corners')
    throw call.error(`coordinates ${how}`);
  if (mode === 'linear')
    return laid(tf.image.resizeBilinear(x, to, how === 'align_corners', hasPixelCenters), CHANNELS_LAST);
  const rounding = isOld ? 'floor' : call.text('nearest_mode', 'round_prefer_floor');
  if (mode !== 'nearest' || how !== 'asymmetric' || rounding !== 'floor')
    throw call.error(`interpolation ${mode} with coordinates ${how}, rounding ${rounding}`);
  return laid(tf.image.resizeNearestNeighbor(x, to), CHANNELS_LAST);
};

export const windows: Readonly<Record<string, Operator>> = {
  Conv: conv,
  MaxPool: maxPool,
  AveragePool: averagePool,
  GlobalAveragePool: globalPool((x, axes) => tf.mean(x, axes, true)),
  GlobalMaxPool: globalPool((x, axes) => tf.max(x, axes, true)),
  Resize: resize,
  Upsample: resize,
};

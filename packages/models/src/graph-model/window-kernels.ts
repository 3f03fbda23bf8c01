import type { GraphAttribute } from '@anc/formats';
import * as tf from '@tensorflow/tfjs-core';
import { unsupported, type Kernel } from './kernel.js';
import { integers, ints, node, scalar, text, type } from './node.js';

type Pad = 'same' | 'valid' | number | tf.backend_util.ExplicitPadding;
interface Window {
  readonly strides: number | [number, number];
  readonly pad: Pad;
  readonly dilations?: number | [number, number];
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
  readonly dataFormat?: string;
}

const pair = (value: number | readonly [number, number] = 1): [number, number] =>
  typeof value === 'number' ? [value, value] : [...value];
const axes4 = (value: number | readonly [number, number] | undefined): GraphAttribute =>
  ints([1, ...pair(value), 1]);

/** Strides and paddings. TensorFlow rounds output sizes down, so other rounding modes are refused. */
function windowAttributes(op: string, { strides, pad, dimRoundingMode, dataFormat = 'NHWC' }: Window) {
  if (dataFormat !== 'NHWC' || !['floor', undefined].includes(dimRoundingMode)) {
    throw unsupported(op, `${dataFormat}, rounding ${dimRoundingMode ?? 'none'}`);
  }
  const shared = { strides: axes4(strides), data_format: text('NHWC') };
  if (typeof pad === 'string') return { ...shared, padding: text(pad.toUpperCase()) };
  const around = typeof pad === 'number' ? [0, 0, pad, pad, pad, pad, 0, 0] : pad.flat();
  return { ...shared, padding: text('EXPLICIT'), explicit_paddings: ints(around) };
}

export const convolution =
  (op: string, depthwise: boolean): Kernel =>
  ({ x, filter }, attributes) => {
    const window = attributes as unknown as Window;
    const { outShape } = tf.backend_util.computeConv2DInfo(
      x!.shape as [number, number, number, number],
      filter!.shape as [number, number, number, number],
      window.strides,
      window.dilations ?? 1,
      window.pad,
      window.dimRoundingMode,
      depthwise,
    );
    return node(op, [x!, filter!], outShape, {
      ...windowAttributes(op, window),
      dilations: axes4(window.dilations),
    });
  };

/** Pads a tensor with a number. */
export const pad: Kernel = ({ x }, { paddings, constantValue = 0 }) => {
  const around = paddings as [number, number][];
  const shape = x!.shape.map((size, axis) => size + around[axis]![0] + around[axis]![1]);
  const amounts = { ...integers(around.flat()), shape: [around.length, 2] };
  return node('PadV2', [x!, amounts, scalar(constantValue as number)], shape, { Tpaddings: type('int32') });
};

/** Lower than every activation. Not minus infinity, which JSON and some devices do not have. */
const LOWEST = -3.4e38;

/** Pooling. TensorFlow's pools have no explicit padding, so values that are never the maximum are padded before. */
export const pooling =
  (op: string): Kernel =>
  ({ x }, attributes) => {
    const { filterSize, ...window } = attributes as unknown as Window & {
      filterSize: number | [number, number];
    };
    const around = aroundOf(window.pad);
    const isPadded = around.flat().some((amount) => amount > 0);
    if (isPadded && op !== 'MaxPool') throw unsupported(op, 'with explicit padding');
    const padded = isPadded ? pad({ x: x! }, { paddings: around, constantValue: LOWEST }) : x!;
    const own = typeof window.pad === 'string' ? window : { ...window, pad: 'valid' as const };
    const { outShape } = tf.backend_util.computePool2DInfo(
      padded.shape as [number, number, number, number],
      filterSize,
      own.strides,
      1,
      own.pad,
      own.dimRoundingMode,
    );
    return node(op, [padded], outShape, { ...windowAttributes(op, own), ksize: axes4(filterSize) });
  };

/** The explicit padding of every axis. */
function aroundOf(pad: Pad): [number, number][] {
  if (typeof pad === 'object') return pad;
  const each: [number, number] = typeof pad === 'number' ? [pad, pad] : [0, 0];
  return [[0, 0], each, each, [0, 0]];
}

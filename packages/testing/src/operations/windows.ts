import * as tf from '@tensorflow/tfjs-core';
import type { Tensor4D } from '@tensorflow/tfjs-core';
import { build, map, pixel } from '../float64/array.js';
import type { Fill, OpCase } from './op-case.js';
import * as reference from '../float64/reference.js';
import { input } from './declare.js';

type Window = [
  kernelSize: number,
  stride: number,
  padding: 'same' | 'valid' | number | [before: number, after: number],
];
const rounding = (padding: Window[2]): 'floor' | undefined =>
  typeof padding === 'string' ? undefined : 'floor';
const padOf = (padding: Window[2]): 'same' | 'valid' | number | tf.backend_util.ExplicitPadding =>
  typeof padding === 'object' ? [[0, 0], padding, padding, [0, 0]] : padding;
const named = (name: string, [kernelSize, stride, padding]: Window): string =>
  `${name} ${kernelSize}×${kernelSize}, stride ${stride}, padding ${typeof padding === 'object' ? padding.join(' and ') : padding}`;

export const convolutions: OpCase[] = [
  ...(
    [
      [3, 1, 'same'],
      [3, 2, 'same'],
      [5, 1, 'valid'],
      [1, 1, 'same'],
      [1, 2, 'same'],
      [3, 2, 1],
      [3, 2, [0, 1]],
      [3, 1, [2, 0]],
      [2, 2, 'valid'],
    ] as Window[]
  ).map((window): OpCase => {
    const [kernelSize, stride, padding] = window;
    return {
      name: named('conv2d', window),
      inputs: { x: input([2, 6, 5, 2]), filter: input([kernelSize, kernelSize, 2, 3]) },
      run: ({ x, filter }) =>
        tf.conv2d(x as Tensor4D, filter as Tensor4D, stride, padOf(padding), 'NHWC', 1, rounding(padding)),
      reference: ({ x, filter }) => reference.conv2d(x!, filter!, stride, padding),
    };
  }),
  ...(
    [
      [3, 1, 'same'],
      [3, 2, 'same'],
      [3, 2, 1],
      [3, 2, [0, 1]],
      [3, 1, 'valid'],
    ] as Window[]
  ).map((window): OpCase => {
    const [kernelSize, stride, padding] = window;
    return {
      name: named('depthwiseConv2d', window),
      inputs: { x: input([2, 6, 5, 2]), filter: input([kernelSize, kernelSize, 2, 1]) },
      run: ({ x, filter }) =>
        tf.depthwiseConv2d(
          x as Tensor4D,
          filter as Tensor4D,
          stride,
          padOf(padding),
          'NHWC',
          1,
          rounding(padding),
        ),
      reference: ({ x, filter }) => reference.depthwiseConv2d(x!, filter!, stride, padding),
    };
  }),
];

export const pools: OpCase[] = [
  ...(
    [
      [2, 2, 'valid'],
      [3, 2, 'same'],
      [3, 2, 1],
      [3, 2, [0, 1]],
      [3, 1, 'valid'],
    ] as Window[]
  ).flatMap((window): OpCase[] => {
    const [kernelSize, stride, padding] = window;
    const shape = [2, 6, 5, 2];
    const largest = (fill: Fill, how: string): OpCase => ({
      name: named('maxPool', window) + how,
      inputs: { x: input(shape, fill) },
      run: ({ x }) => tf.maxPool(x as Tensor4D, kernelSize, stride, padOf(padding), rounding(padding)),
      reference: ({ x }) => reference.maxPool(x!, kernelSize, stride, padding),
    });
    return [
      largest('apart', ''),
      largest('negative', ', all below zero'),
      {
        name: named('avgPool', window),
        inputs: { x: input(shape) },
        run: ({ x }) => tf.avgPool(x as Tensor4D, kernelSize, stride, padOf(padding), rounding(padding)),
        reference: ({ x }) => reference.avgPool(x!, kernelSize, stride, padding),
      },
    ];
  }),
  {
    // Some runtimes turn this into padding of the pooling, which ignores the zeros.
    name: 'maxPool of a convolution padded with zeros, all below zero',
    inputs: { x: input([2, 6, 5, 2]), filter: input([3, 3, 2, 3]) },
    run: ({ x, filter }) => {
      const below = tf.sub(tf.conv2d(x as Tensor4D, filter as Tensor4D, 1, 'same'), 20);
      const padded = tf.pad(below as Tensor4D, [
        [0, 0],
        [1, 1],
        [1, 1],
        [0, 0],
      ]);
      return tf.maxPool(padded, 3, 2, 'valid');
    },
    reference: ({ x, filter }) => {
      const below = map(reference.conv2d(x!, filter!, 1, 'same'), (value) => value - 20);
      const padded = build([2, 8, 7, 3], ([b, h, w, c]) => pixel(below, [b!, h! - 1, w! - 1, c!]));
      return reference.maxPool(padded, 3, 2, 'valid');
    },
  },
];

import * as tf from '@tensorflow/tfjs-core';
import type { Tensor4D } from '@tensorflow/tfjs-core';
import type { Fill, OpCase } from '../op-case.js';
import * as reference from '../reference.js';
import { input } from './declare.js';

type Window = [
  size: number,
  stride: number,
  padding: 'same' | 'valid' | number | [before: number, after: number],
];
const rounding = (padding: Window[2]): 'floor' | undefined =>
  typeof padding === 'string' ? undefined : 'floor';
const padOf = (padding: Window[2]): 'same' | 'valid' | number | tf.backend_util.ExplicitPadding =>
  typeof padding === 'object' ? [[0, 0], padding, padding, [0, 0]] : padding;
const named = (name: string, [size, stride, padding]: Window): string =>
  `${name} ${size}×${size}, stride ${stride}, padding ${typeof padding === 'object' ? padding.join(' and ') : padding}`;

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
    const [size, stride, padding] = window;
    return {
      name: named('conv2d', window),
      inputs: { x: input([2, 6, 5, 2]), filter: input([size, size, 2, 3]) },
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
    const [size, stride, padding] = window;
    return {
      name: named('depthwiseConv2d', window),
      inputs: { x: input([2, 6, 5, 2]), filter: input([size, size, 2, 1]) },
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
    const [size, stride, padding] = window;
    const shape = [2, 6, 5, 2];
    const largest = (fill: Fill, how: string): OpCase => ({
      name: named('maxPool', window) + how,
      inputs: { x: input(shape, fill) },
      run: ({ x }) => tf.maxPool(x as Tensor4D, size, stride, padOf(padding), rounding(padding)),
      reference: ({ x }) => reference.maxPool(x!, size, stride, padding),
    });
    return [
      largest('apart', ''),
      largest('negative', ', all below zero'),
      {
        name: named('avgPool', window),
        inputs: { x: input(shape) },
        run: ({ x }) => tf.avgPool(x as Tensor4D, size, stride, padOf(padding), rounding(padding)),
        reference: ({ x }) => reference.avgPool(x!, size, stride, padding),
      },
    ];
  }),
];

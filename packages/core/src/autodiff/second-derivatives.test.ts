import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { gradientAt, stopGradient, valueAndGradients } from './autodiff.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const at = [0.7, -0.4, 0.3];
const weights = tf.tensor1d([1, 2, 3]);
const column = (x: Tensor): Tensor4D => tf.reshape(x, [1, 3, 1, 1]);

/** Operations of discriminators and of gradient penalties, which differentiate twice. */
const functions: Record<string, (x: Tensor) => Tensor> = {
  tanh: (x) => tf.tanh(x),
  sigmoid: (x) => tf.sigmoid(x),
  exp: (x) => tf.exp(x),
  elu: (x) => tf.elu(x),
  softplus: (x) => tf.softplus(x),
  'squared relu': (x) => tf.square(tf.relu(x)),
  'squared leaky relu': (x) => tf.square(tf.leakyRelu(x)),
  softmax: (x) => tf.mul(tf.softmax(x), weights),
  'log sum exp': (x) => tf.logSumExp(x),
  'a matrix product': (x) => tf.matMul(tf.reshape(x, [1, 3]), tf.reshape(x, [3, 1])),
  'a convolution': (x) => tf.square(tf.conv2d(column(x), tf.ones([2, 1, 1, 2]), 1, 'same')),
  'a strided convolution': (x) => tf.square(tf.conv2d(column(x), tf.ones([3, 1, 1, 2]), [2, 1], 'same')),
  'max pooling': (x) => tf.square(tf.maxPool(column(x), [2, 1], 1, 'same')),
  'average pooling': (x) => tf.square(tf.avgPool(column(x), [2, 1], 1, 'same')),
  'a depthwise convolution': (x) =>
    tf.square(tf.depthwiseConv2d(column(x), tf.ones([2, 1, 1, 1]), 1, 'same')),
  clipping: (x) => tf.square(tf.clipByValue(x, -0.5, 0.5)),
  where: (x) => tf.square(tf.where(tf.logicalNot(tf.greater(x, 0)), tf.mul(x, 0.1), x)),
  'batch norm': (x) =>
    tf.square(
      tf.batchNorm(
        tf.reshape(x, [3, 1]),
        tf.tensor1d([0.1]),
        tf.tensor1d([0.5]),
        tf.tensor1d([0.2]),
        tf.tensor1d([1.5]),
      ),
    ),
};

describe('second derivatives', () => {
  it.each(Object.keys(functions))('of %s match finite differences of the first', (name) => {
    const f = functions[name]!;
    const derivative = (x: Tensor): Scalar =>
      tf.sum<Scalar>(
        tf.mul(
          gradientAt((z) => tf.sum<Scalar>(f(z)), x),
          weights,
        ),
      );
    const found = valueAndGradients(({ x }) => ({ loss: derivative(x!) }), {
      x: tf.tensor1d(at),
    }).grads.x!.dataSync();
    const step = 1e-2;
    at.forEach((_, i) => {
      const shifted = (by: number): number =>
        derivative(tf.tensor1d(at.map((value, j) => (i === j ? value + by : value)))).dataSync()[0]!;
      const measured = (shifted(step) - shifted(-step)) / (2 * step);
      expect(Math.abs(found[i]! - measured)).toBeLessThan(0.01 * Math.max(1, Math.abs(measured)));
    });
  });
});

describe('stopGradient', () => {
  it('passes the value on, but no gradient', () => {
    const x = tf.tensor1d(at);
    const grad = gradientAt((z) => tf.sum<Scalar>(tf.mul(z, stopGradient(z))), x);
    expect([...grad.dataSync()]).toEqual([...x.dataSync()]);
  });
});

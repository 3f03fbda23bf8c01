import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { gradientAt, valueAndGradients } from './autodiff.js';

beforeAll(() => tf.setBackend('cpu'));

const values = (x: tf.Tensor): number[] => [...x.dataSync()];

describe('elementwise gradients with broadcasting', () => {
  type Binary = (a: tf.Tensor, b: tf.Tensor) => tf.Tensor;

  /** a [2, 2] and b [2]: b's gradient is summed over the rows. */
  it.each<[string, Binary, number[], number[]]>([
    ['maximum, ties to the first', (a, b) => tf.maximum(a, b), [1, 0, 1, 1], [0, 1]],
    ['minimum, ties to the first', (a, b) => tf.minimum(a, b), [0, 1, 1, 0], [1, 1]],
    ['squaredDifference', (a, b) => tf.squaredDifference(a, b), [4, -6, 0, 2], [-4, 4]],
  ])('%s', (_name, f, expectedA, expectedB) => {
    const a = tf.tensor2d([3, 1, 1, 5], [2, 2]);
    const b = tf.tensor1d([1, 4]);
    const { grads } = valueAndGradients((leaves) => ({ loss: tf.sum(f(leaves.a!, leaves.b!)) }), { a, b });
    expect(grads.b!.shape).toEqual([2]);
    expect(values(grads.a!)).toEqual(expectedA);
    expect(values(grads.b!)).toEqual(expectedB);
  });

  it('are zero through a comparison', () => {
    for (const compare of [tf.equal, tf.notEqual, tf.greater, tf.greaterEqual, tf.less, tf.lessEqual]) {
      const masked = (x: tf.Tensor): tf.Scalar =>
        tf.sum(tf.mul(x, tf.cast(compare(x, tf.scalar(1)), 'float32')));
      const x = tf.tensor1d([0, 1, 2]);
      const mask = values(tf.cast(compare(x, tf.scalar(1)), 'float32'));
      expect(values(gradientAt(masked, x))).toEqual(mask);
    }
  });
});

describe('the gradient of average pooling', () => {
  const shape: [number, number, number, number] = [1, 5, 4, 2];
  const size = shape.reduce((a, b) => a * b, 1);
  const x = tf.tensor(
    Array.from({ length: size }, (_, i) => Math.sin(i)),
    shape,
  );

  it.each<[string, number, number, 'same' | 'valid' | number]>([
    ['without padding', 2, 2, 'valid'],
    ['with padding that keeps the size', 3, 1, 'same'],
    ['with uneven padding', 3, 2, 'same'],
    ['with padding on every side', 3, 2, 1],
  ])('matches finite differences %s', (_name, window, stride, pad) => {
    const loss = (z: tf.Tensor): tf.Scalar => {
      const rounding = typeof pad === 'number' ? 'floor' : undefined;
      const pooled = tf.avgPool(z as tf.Tensor4D, window, stride, pad, rounding);
      const weights = tf.reshape(tf.range(1, pooled.size + 1), pooled.shape);
      return tf.sum(tf.mul(pooled, weights));
    };
    const found = values(gradientAt(loss, x));
    for (let i = 0; i < size; i += 3) {
      const shifted = (by: number): number => {
        const moved = x.dataSync().map((value, j) => (i === j ? value + by : value));
        return loss(tf.tensor(moved, shape)).dataSync()[0]!;
      };
      expect(found[i]).toBeCloseTo((shifted(0.5) - shifted(-0.5)) / 1, 3); // linear: any step is exact
    }
  });
});

import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { gradientAt } from '../autodiff/autodiff.js';
import { binaryCrossEntropy, softmaxCrossEntropy, squaredDistance, temperatureKl } from './losses.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const value = (x: tf.Tensor): number => x.dataSync()[0]!;

describe('binaryCrossEntropy', () => {
  it('is -log σ(z) for label 1 and -log(1 - σ(z)) for label 0', () => {
    const z = tf.tensor1d([-2, 0.5, 3]);
    const sigmoid = [-2, 0.5, 3].map((v) => 1 / (1 + Math.exp(-v)));
    const mean = (xs: number[]): number => xs.reduce((a, b) => a + b) / xs.length;
    expect(value(binaryCrossEntropy(z, 1))).toBeCloseTo(mean(sigmoid.map((p) => -Math.log(p))), 5);
    expect(value(binaryCrossEntropy(z, 0))).toBeCloseTo(mean(sigmoid.map((p) => -Math.log(1 - p))), 5);
  });

  it('stays finite, with a gradient, where the sigmoid saturates', () => {
    expect(value(binaryCrossEntropy(tf.tensor1d([-200]), 1))).toBeCloseTo(200, 3);
    const gradient = gradientAt((z) => binaryCrossEntropy(z, 1), tf.tensor1d([-200]));
    expect(value(gradient)).toBeCloseTo(-1, 5);
  });
});

describe('squaredDistance', () => {
  it('sums or averages the classes and always averages the batch', () => {
    const s = tf.tensor2d([1, 2, 3, 4], [2, 2]);
    const t = tf.tensor2d([0, 0, 0, 0], [2, 2]);
    expect(value(squaredDistance(s, t, 'sum'))).toBeCloseTo((1 + 4 + 9 + 16) / 2, 5);
    expect(value(squaredDistance(s, t, 'mean'))).toBeCloseTo((1 + 4 + 9 + 16) / 4, 5);
    expect(value(squaredDistance(s, t))).toBeCloseTo((1 + 4 + 9 + 16) / 2, 5);
  });
});

describe('temperatureKl', () => {
  it('is zero for equal logits up to a shift, positive otherwise', () => {
    const t = tf.tensor2d([1, -2, 0.5], [1, 3]);
    expect(value(temperatureKl(tf.add(t, 7), t, 4))).toBeCloseTo(0, 5);
    expect(value(temperatureKl(tf.neg(t), t, 4))).toBeGreaterThan(0.1);
  });

  it('has the gradient T · (softmax(s/T) - softmax(t/T))', () => {
    const [s, t] = [tf.tensor2d([0.3, -1, 2], [1, 3]), tf.tensor2d([1, 0, -1], [1, 3])];
    const found = gradientAt((x) => temperatureKl(x, t, 4), s).dataSync();
    const wanted = tf.mul(tf.sub(tf.softmax(tf.div(s, 4)), tf.softmax(tf.div(t, 4))), 4).dataSync();
    found.forEach((g, i) => expect(g).toBeCloseTo(wanted[i]!, 5));
  });
});

describe('softmaxCrossEntropy', () => {
  it('has the gradient softmax - onehot, averaged over the batch', () => {
    const logits = tf.tensor2d([2, 0, -1, 0, 1, 0], [2, 3]);
    const labels = tf.tensor1d([2, 1], 'int32');
    const found = gradientAt((x) => softmaxCrossEntropy(x, labels), logits).dataSync();
    const wanted = tf.div(tf.sub(tf.softmax(logits), tf.oneHot(labels, 3)), 2).dataSync();
    found.forEach((g, i) => expect(g).toBeCloseTo(wanted[i]!, 5));
  });
});

describe('losses of logits with more axes', () => {
  /** [1, 2, 2, 3] logits of four pixels, and the same as four samples. */
  const [a, b] = [
    [1, -2, 0.5, 3, 0, 1, -1, 2, 0.25, 0, 0, 1],
    [0, 1, 2, -1, 0.5, 1, 2, 2, 0, 1, -3, 0.5],
  ];
  const dense = (values: number[]): tf.Tensor => tf.tensor4d(values, [1, 2, 2, 3]);
  const flat = (values: number[]): tf.Tensor => tf.tensor2d(values, [4, 3]);

  it('are means over pixels, as of that many samples', () => {
    for (const reduction of ['sum', 'mean'] as const) {
      const wanted = value(squaredDistance(flat(a), flat(b), reduction));
      expect(value(squaredDistance(dense(a), dense(b), reduction))).toBeCloseTo(wanted, 6);
    }
    expect(value(temperatureKl(dense(a), dense(b), 3))).toBeCloseTo(
      value(temperatureKl(flat(a), flat(b), 3)),
      6,
    );
    const [mask, labels] = [
      tf.tensor3d([2, 0, 1, 1], [1, 2, 2], 'int32'),
      tf.tensor1d([2, 0, 1, 1], 'int32'),
    ];
    expect(value(softmaxCrossEntropy(dense(a), mask))).toBeCloseTo(
      value(softmaxCrossEntropy(flat(a), labels)),
      6,
    );
  });

  it('count a label that is no class as nothing', () => {
    const none = tf.tensor1d([-1, -1, -1, -1], 'int32');
    expect(value(softmaxCrossEntropy(flat(a), none))).toBeCloseTo(0, 6);
  });
});

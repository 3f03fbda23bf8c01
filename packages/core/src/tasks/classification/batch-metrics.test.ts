import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { agreement, errorRate } from './batch-metrics.js';

beforeAll(() => tf.setBackend('cpu'));

const value = (x: tf.Tensor): number => x.dataSync()[0]!;

describe('agreement', () => {
  it('counts equal top classes', () => {
    const a = tf.tensor2d([1, 2, 2, 1], [2, 2]);
    const b = tf.tensor2d([0, 9, 0, 9], [2, 2]);
    expect(value(agreement(a, b))).toBe(0.5);
  });
});

describe('errorRate', () => {
  it('counts top classes that are not the label', () => {
    const logits = tf.tensor2d([5, 1, 0, 0, 2, 1, 0, 1, 3, 9, 1, 0], [4, 3]); // top classes 0, 1, 2, 0
    expect(value(errorRate(logits, tf.tensor1d([0, 1, 2, 0], 'int32')))).toBe(0);
    expect(value(errorRate(logits, tf.tensor1d([0, 2, 2, 1], 'int32')))).toBe(0.5);
  });
});

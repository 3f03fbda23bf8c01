import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Normalization } from '../contracts/dataset.js';
import type { ClassifierOutputs, Network } from '../contracts/network.js';
import { inference } from '../eager/eager-context.js';
import { normalizedNetwork } from './normalized-network.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const echo: Network<ClassifierOutputs> = {
  name: 'echo',
  init: () => ({ params: {}, stats: {} }),
  apply: (_variables, x) => ({ outputs: { logits: x, features: x }, stats: {} }),
  summary: () => [],
};

const seen = (normalization: Normalization, x: tf.Tensor): number[] => [
  ...normalizedNetwork(echo, normalization)
    .apply({ params: {}, stats: {} }, x, inference)
    .outputs.logits.dataSync(),
];

describe('normalizedNetwork', () => {
  const x = tf.tensor4d([1, 2, 3, 4], [1, 2, 1, 2]);

  it('takes a mean per channel or per pixel', () => {
    expect(seen({ mean: [1, 2], std: [2, 4] }, x)).toEqual([0, 0, 1, 0.5]);
    expect(seen({ mean: [1, 2, 3, 0], std: [2, 4] }, x)).toEqual([0, 0, 0, 1]);
  });

  it('normalizes each image by its own mean and deviation, uniform ones included', () => {
    const two = tf.tensor4d([0, 2, 0, 2, 9, 9, 9, 9], [2, 2, 1, 2]);
    expect(seen('per-image', two)).toEqual([-1, 1, -1, 1, 0, 0, 0, 0]);
  });
});

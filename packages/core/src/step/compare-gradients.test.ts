import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { arrays } from '../../test/toy-models.js';
import { compareGradients } from './compare-gradients.js';

beforeAll(() => tf.setBackend('cpu'));

const data = [3, 4, 0, 5]; // rows of norm 5
const adversarial = [8, 6, 0, -10]; // rows of norm 10; cosines (24 + 24) / 50 and -1

describe('compareGradients', () => {
  it('gives mean norms, and as metrics those of a sample with the weight, and the mean cosine', () => {
    const found = compareGradients(
      tf.tensor2d(data, [2, 2]),
      tf.tensor2d(adversarial, [2, 2]),
      tf.scalar(0.5),
    );
    expect(arrays({ ...found.norms })).toEqual({ data: [5], adversarial: [10] });
    const metrics = arrays(found.metrics);
    expect(metrics['gradient/data']).toEqual([2 * 5]);
    expect(metrics['gradient/adversarial']).toEqual([2 * 10 * 0.5]);
    expect(metrics['gradient/cosine']![0]).toBeCloseTo((0.96 - 1) / 2, 6);
  });

  it('takes images as rows', () => {
    const asImages = compareGradients(
      tf.tensor4d(data, [2, 1, 2, 1]),
      tf.tensor4d(adversarial, [2, 2, 1, 1]),
      tf.scalar(1),
    );
    expect(arrays({ ...asImages.norms })).toEqual({ data: [5], adversarial: [10] });
  });

  it('has a cosine of 0, not NaN, where a gradient is zero', () => {
    const { norms, metrics } = compareGradients(tf.tensor2d(data, [2, 2]), tf.zeros([2, 2]), tf.scalar(1));
    expect(arrays({ ...norms, ...metrics })).toMatchObject({ adversarial: [0], 'gradient/cosine': [0] });
  });
});

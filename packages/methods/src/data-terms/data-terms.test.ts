import '@tensorflow/tfjs-backend-cpu';
import { Rng, type DataTerm, type DataTermContext } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { l1Term, standardizedTerm } from './data-terms.js';
import { dataTerms, distTerm, pktTerm, rkdTerm } from './index.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const gaussian = (name: string): tf.Tensor => {
  const rng = Rng.fromSeed(4).split(name);
  return tf.tensor(
    Float32Array.from({ length: 20 }, () => 2 * rng.normal()),
    [4, 5],
  );
};
const value = (x: tf.Tensor): number => x.dataSync()[0]!;

describe('data terms', () => {
  it('standardized: invariant to shift and scale of the student', () => {
    const [s, t] = [gaussian('s'), gaussian('t')];
    const term = standardizedTerm({ temperature: 2 });
    const changed = tf.add(tf.mul(s, 3), 7);
    expect(value(term.loss(changed, t))).toBeCloseTo(value(term.loss(s, t)), 3);
    expect(value(term.loss(t, t))).toBeCloseTo(0, 6);
  });

  it('standardised: the former name of standardized', () => {
    const { standardised, standardized } = dataTerms;
    expect(standardised).toMatchObject({ deprecated: 'standardized', create: standardized!.create });
    expect(standardised!.options).toBe(standardized!.options);
  });

  it('l1: the mean absolute difference', () => {
    expect(value(l1Term.loss(tf.tensor2d([[1, 2]]), tf.tensor2d([[4, 1]])))).toBe(2);
  });
});

describe('relations between the images of a batch', () => {
  const context = (student: tf.Tensor, teacher: tf.Tensor) =>
    ({
      student: { logits: student, features: student },
      teacher: { logits: teacher, features: teacher },
    }) as unknown as DataTermContext;
  const rows = (...values: number[][]): tf.Tensor2D => tf.tensor2d(values);
  const relation = (term: DataTerm, student: tf.Tensor, teacher: tf.Tensor): number =>
    value(term.loss(student, teacher, context(student, teacher)));

  it('rkd: invariant to translation, scale and rotation of the features', () => {
    const teacher = rows([0, 0], [1, 0], [0, 2], [3, 1]);
    const turned = rows([5, 5], [5, 7], [1, 5], [3, 11]); // turned by 90°, twice as large, moved
    const term = rkdTerm({ output: 'features', distance: 25, angle: 50 });
    expect(relation(term, turned, teacher)).toBeCloseTo(0, 5);
  });

  it('rkd: the distances of three points on a line', () => {
    // distances 1, 1, 2 over their mean 4/3, and 1, 2, 3 over 2: each pair counts twice among the nine entries
    const [a, b] = [rows([0], [1], [2]), rows([0], [1], [3])];
    const huber = [3 / 4 - 1 / 2, 3 / 4 - 1, 3 / 2 - 3 / 2].reduce((sum, d) => sum + 0.5 * d * d, 0);
    const term = rkdTerm({ output: 'features', distance: 1, angle: 0 });
    expect(relation(term, a, b)).toBeCloseTo((2 * huber) / 9, 6);
  });

  it('rkd: a batch of one image has no relations', () => {
    const term = rkdTerm({ output: 'features', distance: 25, angle: 50 });
    expect(relation(term, rows([1, 2]), rows([3, 4]))).toBe(0);
  });

  it('pkt: the neighbors of two orthogonal images', () => {
    // cosines 1 and 0 give similarities 1 and 1/2, so probabilities 2/3 and 1/3; equal images give 1/2 and 1/2
    const divergence = (2 / 3) * Math.log(4 / 3) + (1 / 3) * Math.log(2 / 3);
    const term = pktTerm({ output: 'features' });
    expect(relation(term, rows([1, 1], [2, 2]), rows([1, 0], [0, 1]))).toBeCloseTo(divergence / 2, 5);
  });

  it('dist: opposite predictions are twice as far as unrelated ones', () => {
    const [z, opposite] = [rows([4, 0, 0], [0, 0, 4]), rows([0, 2, 2], [2, 2, 0])];
    const term = distTerm({ temperature: 1, beta: 1, gamma: 0 });
    expect(relation(term, z, z)).toBeCloseTo(0, 5);
    expect(relation(term, opposite, z)).toBeCloseTo(2, 5);
  });

  it('dist: the classes are compared over the images with the weight gamma', () => {
    const [z, swapped] = [rows([4, 0], [0, 4]), rows([0, 4], [4, 0])];
    const term = distTerm({ temperature: 2, beta: 0, gamma: 0.5 });
    expect(relation(term, swapped, z)).toBeCloseTo(2 ** 2 * 0.5 * 2, 5);
  });

  it('standardized: over n - 1 classes as the authors do, a lower weight of each logit', () => {
    const [s, t] = [gaussian('s'), gaussian('t')];
    const sample = value(standardizedTerm({ temperature: 2, deviation: 'sample' }).loss(s, t));
    // 5 classes: the same as a temperature higher by √(5/4), but for the factor T²
    const hotter = value(standardizedTerm({ temperature: 2 * Math.sqrt(5 / 4) }).loss(s, t));
    expect(sample).toBeCloseTo(hotter / (5 / 4), 5);
  });
});

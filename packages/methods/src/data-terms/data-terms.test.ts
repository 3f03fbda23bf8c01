import '@tensorflow/tfjs-backend-cpu';
import { Rng } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { l1Term, standardizedTerm } from './data-terms.js';
import { dataTerms } from './index.js';

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

import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { gradientAt, valueAndGradients } from './autodiff.js';
import type { Tree } from '../tree/tree.js';

beforeAll(() => tf.setBackend('cpu'));

const values = (x: tf.Tensor): number[] => [...x.dataSync()];

/** Σ a² · b: 4 · 3 + 1 · 5 = 17 at a = [2, 1], b = [3, 5]. */
const params = (): Tree => ({ a: tf.tensor1d([2, 1]), b: tf.tensor1d([3, 5]), unused: tf.tensor1d([9]) });
const weighted = ({ a, b }: Tree): tf.Scalar => tf.sum(tf.mul(tf.square(a!), b!));

describe('valueAndGradients', () => {
  it('gives the value and the gradient of every leaf, zeros for one that is not used', () => {
    const { loss, grads } = valueAndGradients((leaves) => ({ loss: weighted(leaves) }), params());
    expect(values(loss)).toEqual([17]);
    expect(Object.keys(grads)).toEqual(['a', 'b', 'unused']);
    expect(values(grads.a!)).toEqual([2 * 2 * 3, 2 * 1 * 5]);
    expect(values(grads.b!)).toEqual([4, 1]);
    expect(values(grads.unused!)).toEqual([0]);
  });

  it('gives auxiliary values, and the gradients at watched intermediate tensors', () => {
    const { aux, watched } = valueAndGradients(({ a, b }) => {
      const squares = tf.square(a!);
      return { loss: tf.sum(tf.mul(squares, b!)), aux: { squares }, watch: { squares } };
    }, params());
    expect(values(aux.squares!)).toEqual([4, 1]);
    expect(values(watched.squares!)).toEqual([3, 5]);
  });

  it('keeps what it returns alive in the scope of the caller, and nothing else', () => {
    const given = params();
    const before = tf.memory().numTensors;
    tf.tidy(() => {
      const found = valueAndGradients(
        ({ a, b }) => ({ loss: weighted({ a: a!, b: b! }), aux: { twice: tf.mul(a!, 2) } }),
        given,
      );
      expect(values(found.aux.twice!)).toEqual([4, 2]);
    });
    expect(tf.memory().numTensors).toBe(before);
    expect(values(given.a!)).toEqual([2, 1]);
  });

  it('can be nested: the gradient of a squared gradient', () => {
    // d/da (d/da a³)² = d/da 9a⁴ = 36a³.
    const cubed = (x: tf.Tensor): tf.Scalar => tf.sum(tf.mul(x, tf.square(x)));
    const grad = gradientAt((x) => tf.sum(tf.square(gradientAt(cubed, x))), tf.tensor1d([1, -2]));
    expect(values(grad)).toEqual([36, -288]);
  });
});

describe('the gradients of Sum and Mean', () => {
  const x = (): tf.Tensor => tf.tensor([1, 2, 3, 4, 5, 6], [1, 2, 3]);
  const weights = tf.tensor1d([1, 2, 3]);

  it('broadcast over the axes that were reduced', () => {
    const sum = gradientAt((z) => tf.sum(tf.mul(tf.sum(z, 1), weights)), x());
    expect(sum.shape).toEqual([1, 2, 3]);
    expect(values(sum)).toEqual([1, 2, 3, 1, 2, 3]);
    const mean = gradientAt((z) => tf.sum(tf.mul(tf.mean(z, [0, 1]), weights)), x());
    expect(values(mean)).toEqual([0.5, 1, 1.5, 0.5, 1, 1.5]);
    expect(values(gradientAt((z) => tf.mean(z), x()))).toEqual(Array(6).fill(Math.fround(1 / 6)));
  });

  it('take negative axes and kept dimensions', () => {
    const kept = gradientAt((z) => tf.sum(tf.mul(tf.sum(z, -1, true), tf.tensor([10, 20], [1, 2, 1]))), x());
    expect(values(kept)).toEqual([10, 10, 10, 20, 20, 20]);
  });
});

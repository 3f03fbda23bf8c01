import '@anc/core'; // registers gradients
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { averagedTo, nearestTo } from './plane.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

/** One image of two channels, the second ten times the first. */
const image = (...rows: number[][]): tf.Tensor4D =>
  tf.tensor4d([rows.map((row) => row.map((value) => [value, 10 * value]))]);
const channel = (x: tf.Tensor, index: number): number[] => [
  ...(tf.slice(x, [0, 0, 0, index], [-1, -1, -1, 1]).dataSync() as Float32Array),
];

describe('planes', () => {
  it('are averaged over parts that overlap where the sizes do not divide', () => {
    const x = image([1, 2, 3], [4, 5, 6], [7, 8, 9]);
    const halved = averagedTo([2, 2], x); // rows 0-1 and 1-2
    expect(channel(halved, 0)).toEqual([3, 4, 6, 7]);
    expect(channel(halved, 1)).toEqual([30, 40, 60, 70]);
    expect(channel(averagedTo([1, 3], x), 0)).toEqual([4, 5, 6]);
    expect(averagedTo([3, 3], x)).toBe(x);
  });

  it('are enlarged and reduced to the nearest pixel below', () => {
    const x = image([1, 2], [3, 4]);
    expect(channel(nearestTo([3, 4], x), 0)).toEqual([1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4]);
    expect(channel(nearestTo([1, 1], x), 1)).toEqual([10]);
  });

  it('have gradients that divide by the size of the part', () => {
    const gradient = tf.grad((x: tf.Tensor) => tf.sum(averagedTo([1, 1], x)))(image([1, 2], [3, 4]));
    expect(channel(gradient, 0)).toEqual([0.25, 0.25, 0.25, 0.25]);
  });
});

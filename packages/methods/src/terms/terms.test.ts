import '@tensorflow/tfjs-backend-cpu';
import { Rng, temperatureKl } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { decoupledKl, topClass } from './decoupled.js';
import { flowMatrix } from './flow.js';
import { resizedTo } from './resize.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const gaussian = (name: string, shape: number[]): tf.Tensor => {
  const rng = Rng.fromSeed(4).split(name);
  return tf.tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => 2 * rng.normal()),
    shape,
  );
};
const value = (x: tf.Tensor): number => x.dataSync()[0]!;

describe('decoupled distillation', () => {
  it('equals KD if β = 1 - p_target, sample by sample (Zhao 2022, Eq. 5)', () => {
    const [student, teacher] = [gaussian('s', [1, 5]), gaussian('t', [1, 5])];
    const target = topClass(teacher);
    const temperature = 3;
    const p = value(tf.sum(tf.mul(tf.softmax(tf.div(teacher, temperature)), target)));
    const found = decoupledKl(student, teacher, target, { temperature, alpha: 1, beta: 1 - p });
    expect(value(found)).toBeCloseTo(value(temperatureKl(student, teacher, temperature)), 4);
  });

  it('is zero for equal logits and positive otherwise', () => {
    const [a, b] = [gaussian('a', [4, 5]), gaussian('b', [4, 5])];
    const options = { temperature: 4, alpha: 1, beta: 8 };
    expect(value(decoupledKl(a, a, topClass(a), options))).toBeCloseTo(0, 5);
    expect(value(decoupledKl(b, a, topClass(a), options))).toBeGreaterThan(0.01);
  });
});

describe('flow matrices', () => {
  it('are products of channels, averaged over the plane', () => {
    const first = tf.tensor4d([1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 2, 2]);
    const second = tf.tensor4d([1, 0, 0, 2], [1, 2, 2, 1]);
    expect([...flowMatrix(first, second, 'a').dataSync()]).toEqual([(1 + 14) / 4, (2 + 16) / 4]);
  });

  it('pool the larger plane, and reject taps in the wrong order', () => {
    const [large, small] = [gaussian('l', [2, 7, 7, 3]), gaussian('s', [2, 3, 3, 2])];
    expect(flowMatrix(large, small, 'a').shape).toEqual([2, 3, 2]);
    expect(() => flowMatrix(small, large, 'b')).toThrow(/smaller than a tap/);
  });
});

describe('resizedTo', () => {
  it('changes the plane only if it differs', () => {
    const x = gaussian('x', [2, 4, 4, 3]);
    expect(resizedTo([4, 4], x)).toBe(x);
    expect(resizedTo([6, 5], x).shape).toEqual([2, 6, 5, 3]);
  });
});

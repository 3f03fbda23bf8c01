import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { toyContext } from '../../test/toy-models.js';
import type { Context } from '../contracts/network.js';
import { eagerContext } from '../eager/eager-context.js';
import { invertedDropout, withActivationDropout } from './dropout.js';

beforeAll(() => tf.setBackend('cpu'));

describe('invertedDropout', () => {
  it('keeps x · mask / (1 - rate), the mask from a Bernoulli distribution of 1 - rate', () => {
    const requested: unknown[] = [];
    const context: Context = {
      ...toyContext,
      noise: (name, shape, distribution) => {
        requested.push([name, shape, distribution]);
        return toyContext.noise(name, shape, distribution);
      },
    };
    const dropped = invertedDropout(context, 'mask', tf.tensor2d([3, 6, 9, 12], [2, 2]), 0.25);
    expect([...dropped.dataSync()]).toEqual([0, 8, 0, 16]); // the toy mask is 0, 1, 0, 1
    expect(requested).toEqual([['mask', [2, 2], { kind: 'bernoulli', keep: 0.75 }]]);
  });

  it('at rate 0 returns x itself and draws nothing', () => {
    const x = tf.tensor1d([1, 2]);
    const silent: Context = { ...toyContext, noise: () => expect.fail('noise was drawn') };
    expect(invertedDropout(silent, 'mask', x, 0)).toBe(x);
  });

  it('draws the same mask for the same name in a step, another for another', () => {
    const x = tf.ones([8, 8]);
    const drop = (name: string, step: number): number[] => [
      ...invertedDropout(eagerContext({ seed: 1, step }, 0), name, x, 0.5).dataSync(),
    ];
    expect(drop('a', 3)).toEqual(drop('a', 3));
    expect(drop('a', 3)).not.toEqual(drop('b', 3));
    expect(drop('a', 3)).not.toEqual(drop('a', 4));
    expect(new Set(drop('a', 3))).toEqual(new Set([0, 2]));
  });
});

describe('withActivationDropout', () => {
  it('drops one activation, after the hook of the context that it wraps', () => {
    const doubling: Context = { ...toyContext, activation: (_name, x) => tf.mul(x, 2) };
    const wrapped = withActivationDropout(doubling, 'features', 'mask', 0.5);
    const x = tf.tensor1d([1, 1]);
    expect([...wrapped.activation('features', x).dataSync()]).toEqual([0, 4]);
    expect([...wrapped.activation('early', x).dataSync()]).toEqual([2, 2]);
    expect(wrapped.training).toBe(true);
    expect([...wrapped.noise('own', [3], { kind: 'bernoulli', keep: 0.5 }).dataSync()]).toEqual([0, 1, 0]);
  });
});

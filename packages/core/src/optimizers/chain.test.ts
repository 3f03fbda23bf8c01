import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { GradientTransform } from '../contracts/optimizer.js';
import type { AncError } from '../errors/error.js';
import type { HostTensor } from '../tree/tree.js';
import { assertSameTree, chain, masked, withSlots } from './chain.js';
import { addDecayedWeights, elementwise, scaleByLearningRate, trace } from './transforms.js';

beforeAll(() => tf.setBackend('cpu'));

const host: Record<string, HostTensor> = { 'a/weights': { shape: [1], data: Float32Array.of(2) } };
const errorOf = (run: () => unknown): Pick<AncError, 'code' | 'message' | 'detail'> => {
  try {
    run();
  } catch (error) {
    return error as AncError;
  }
  return expect.fail('nothing was thrown');
};

describe('chain', () => {
  it('hands the updates on in order, and the slots of all to each', () => {
    const seen: string[][] = [];
    const looking: GradientTransform = {
      id: 'looking',
      init: () => ({ own: { shape: [], data: Float32Array.of(0) } }),
      update: (updates, slots) => {
        seen.push(Object.keys(slots).sort());
        return { updates, slots: { own: tf.scalar(1) } };
      },
    };
    const add = elementwise('add', (update) => tf.add(update, 1));
    const double = elementwise('double', (update) => tf.mul(update, 2));
    const transform = chain(add, looking, double);
    expect(transform.id).toBe('add > looking > double');
    expect(Object.keys(transform.init(host))).toEqual(['own']);
    const context = { params: { 'a/weights': tf.tensor1d([2]) }, learningRate: tf.scalar(1) };
    const { updates, slots } = transform.update(
      { 'a/weights': tf.tensor1d([3]) },
      { own: tf.scalar(0) },
      context,
    );
    expect([...updates['a/weights']!.dataSync()]).toEqual([(3 + 1) * 2]);
    expect([...slots['own']!.dataSync()]).toEqual([1]);
    expect(seen).toEqual([['own']]);
  });

  it('names the slot that two have, and the way out', () => {
    expect(errorOf(() => chain(trace(0.9), trace(0.5)).init(host))).toMatchObject({
      code: 'ANC_OPTIMIZER',
      message: 'two transforms of a chain have a slot "velocity/a/weights".',
      detail: {
        received: 'trace(0.5, false)',
        hint: "give one of them names of its own: withSlots('second', transform).",
      },
    });
  });
});

describe('withSlots', () => {
  it('reads and writes its slots under the prefix', () => {
    const transform = withSlots('second', trace(0.5));
    expect(transform.id).toBe('second: trace(0.5, false)');
    const context = { params: {}, learningRate: tf.scalar(1) };
    const velocity = {
      'second/velocity/a/weights': tf.tensor1d([4]),
      'velocity/a/weights': tf.tensor1d([9]),
    };
    const { updates, slots } = transform.update({ 'a/weights': tf.tensor1d([1]) }, velocity, context);
    expect([...updates['a/weights']!.dataSync()]).toEqual([3]);
    expect(Object.keys(slots)).toEqual(['second/velocity/a/weights']);
  });
});

describe('masked', () => {
  it('has an id with the mask, unless it is all', () => {
    expect(masked('weights', addDecayedWeights(0.5)).id).toBe('decay(0.5) of weights');
    expect(masked('all', addDecayedWeights(0.5)).id).toBe('decay(0.5)');
    expect(scaleByLearningRate().id).toBe('learning-rate');
  });
});

describe('assertSameTree', () => {
  const tree = { a: tf.zeros([2]), b: tf.zeros([3]) };

  it('accepts the same names and shapes in any order', () => {
    expect(() => assertSameTree('updates', 'own', tree, { b: tf.ones([3]), a: tf.ones([2]) })).not.toThrow();
  });

  it.each<[string, Record<string, tf.Tensor>, string, string]>([
    ['a missing entry', { a: tf.zeros([2]) }, 'every entry: a, b', 'nothing for "b"'],
    ['a new entry', { ...tree, c: tf.zeros([1]) }, 'only a, b', '"c"'],
    ['another shape', { ...tree, b: tf.zeros([3, 1]) }, '[3]', 'shape [3, 1] of "b"'],
  ])('names %s', (_, received, expected, described) => {
    expect(errorOf(() => assertSameTree('slots', 'own', tree, received))).toMatchObject({
      code: 'ANC_OPTIMIZER',
      message: 'the optimizer "own" returned other slots than it received.',
      detail: { expected, received: described },
    });
  });

  it('says each size of a shape', () => {
    const wide = { a: tf.zeros([2, 3]) };
    expect(errorOf(() => assertSameTree('slots', 'own', wide, { a: tf.zeros([6]) })).detail).toMatchObject({
      expected: '[2, 3]',
      received: 'shape [6] of "a"',
    });
  });

  it('says so where no entry is allowed', () => {
    expect(errorOf(() => assertSameTree('slots', 'own', {}, { c: tf.zeros([1]) })).detail.expected).toBe(
      'only no entry',
    );
  });
});

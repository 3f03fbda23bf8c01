import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { memoryFrom, samplesFrom, scalarFrom } from './component-result.js';

beforeAll(() => tf.setBackend('cpu'));

const component = 'regularizer "mine" of plugin "anc-plugin-mine"';

const errorOf = (f: () => unknown): unknown => {
  try {
    f();
  } catch (error) {
    return error;
  }
  return null;
};

describe('scalarFrom', () => {
  it('takes one number, of any rank', () => {
    expect(scalarFrom(component, 'penalty', () => tf.tensor2d([[3]])).dataSync()[0]).toBe(3);
  });

  it.each([
    ['a vector', () => tf.tensor1d([1, 2]), 'a tensor of shape [2]', /tf\.mean/],
    ['nothing', () => undefined, 'undefined', /operations of tfjs-core/],
    ['a number', () => 3, '3', /operations of tfjs-core/],
  ])('names the component that returns %s', (_what, compute, received, hint) => {
    expect(errorOf(() => scalarFrom(component, 'penalty', compute))).toMatchObject({
      code: 'ANC_OBJECTIVE',
      message: `${component}: penalty does not return a scalar.`,
      detail: { received, hint: expect.stringMatching(hint) as string },
    });
  });

  it('names the component whose code throws', () => {
    const broken = (): never => {
      throw new TypeError('x is undefined');
    };
    expect(errorOf(() => scalarFrom(component, 'penalty', broken))).toMatchObject({
      code: 'ANC_OBJECTIVE',
      message: `${component} fails: x is undefined`,
    });
  });
});

describe('memoryFrom', () => {
  const memory = () => ({ mean: tf.scalar(0), samples: tf.zeros([2, 3]) });

  it('takes every entry in its shape', () => {
    const next = { mean: tf.scalar(1), samples: tf.ones([2, 3]) };
    expect(memoryFrom(component, 'next', memory(), () => next)).toEqual(next);
  });

  it.each([
    ['no tree', () => tf.scalar(1), /other entries/],
    ['fewer entries', () => ({ mean: tf.scalar(1) }), /other entries/],
    ['more entries', () => ({ ...memory(), more: tf.scalar(1) }), /other entries/],
    ['another shape', () => ({ ...memory(), samples: tf.ones([3, 3]) }), /the shape of "samples"/],
    ['a number', () => ({ ...memory(), mean: 1 }), /the shape of "mean"/],
  ])('refuses %s', (_what, next, message) => {
    expect(() => memoryFrom(component, 'next', memory(), next)).toThrow(message);
  });
});

describe('samplesFrom', () => {
  const draw = (result: unknown) =>
    samplesFrom(component, ['images', 'teacher/logits'], [2, 4, 4, 1], () => result);
  const images = () => tf.zeros([2, 4, 4, 1]);
  const logits = () => tf.ones([2, 3]);

  it('takes the rows of every sample, and nothing else', () => {
    const drawn = { images: images(), 'teacher/logits': logits() };
    expect(draw({ ...drawn, age: tf.zeros([2]) })).toEqual(drawn);
  });

  it.each([
    ['no tree', () => tf.scalar(1), 'images'],
    ['no tensors', () => ({ images: [1, 2], 'teacher/logits': logits() }), 'images'],
    ['another size', () => ({ images: tf.zeros([2, 3, 3, 1]), 'teacher/logits': logits() }), 'images'],
    ['another type', () => ({ images: tf.cast(images(), 'int32'), 'teacher/logits': logits() }), 'images'],
    ['a missing entry', () => ({ images: images() }), 'teacher/logits'],
    ['other rows', () => ({ images: images(), 'teacher/logits': tf.ones([3, 3]) }), 'teacher/logits'],
  ])('refuses %s', (_what, result, name) => {
    expect(errorOf(() => draw(result()))).toMatchObject({
      code: 'ANC_OBJECTIVE',
      message: `${component}: draw returned no "${name}" as they were stored.`,
    });
  });
});

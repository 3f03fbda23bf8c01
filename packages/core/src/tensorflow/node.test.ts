import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import * as listed from './node.js';

it('lists what TensorFlow.js exports, by the same names and values', () => {
  const { default: _, ...exported } = tf as typeof tf & { readonly default?: unknown };
  expect(Object.keys(listed).sort()).toEqual(Object.keys(exported).sort());
  expect(listed.add).toBe(tf.add);
  expect(listed.engine).toBe(tf.engine);
});

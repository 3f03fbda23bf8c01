import * as tf from '@tensorflow/tfjs-core';
import { sizeOf } from '../tree/tree.js';
import { stateless, type Layer } from './layer.js';

/** max(x, 0). */
export const relu = (name = 'relu'): Layer =>
  stateless(
    name,
    (input) => input,
    (x) => tf.relu(x),
  );

/** min(max(x, 0), 6) (Krizhevsky 2010), as in MobileNet. */
export const relu6 = (name = 'relu6'): Layer =>
  stateless(
    name,
    (input) => input,
    (x) => tf.relu6(x),
  );

/** [B, ...] -> [B, product], row-major. */
export const flatten = (name = 'flatten'): Layer =>
  stateless(
    name,
    (input) => [sizeOf(input)],
    (x) => tf.reshape(x, [x.shape[0], sizeOf(x.shape.slice(1))]),
  );

import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Context } from '../contracts/network.js';

/** Inverted dropout with a mask drawn by name: whoever asks again in the same step sees the same mask. */
export function invertedDropout(context: Context, name: string, x: Tensor, rate: number): Tensor {
  if (rate === 0) return x;
  const keep = 1 - rate;
  const mask = context.noise(name, x.shape, { kind: 'bernoulli', keep });
  return tf.mul(x, tf.div(mask, keep));
}

/** The mask inside the student; the features are what every critic's view goes through. */
export const STUDENT_DROPOUT_MASK = 'student/dropout';

/** A context under which one of a network's activations is dropped before the network goes on. */
export const withActivationDropout = (
  context: Context,
  activation: string,
  noise: string,
  rate: number,
): Context => ({
  ...context,
  noise: (name, shape, law) => context.noise(name, shape, law),
  activation(name, x) {
    const seen = context.activation(name, x);
    return name === activation ? invertedDropout(context, noise, seen, rate) : seen;
  },
});

import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Context } from '../contracts/network.js';

/**
 * Inverted dropout: x · mask / (1 - rate), each entry of the mask 1 with probability 1 - rate, else 0. The mask is
 * drawn by name, so every call with the same name in one step uses the same mask.
 */
export function invertedDropout(context: Context, name: string, x: Tensor, rate: number): Tensor {
  if (rate === 0) return x;
  const keep = 1 - rate;
  const mask = context.noise(name, x.shape, { kind: 'bernoulli', keep });
  return tf.mul(x, tf.div(mask, keep));
}

/** Name of the mask inside the student, on the features that all discriminators see. */
export const STUDENT_DROPOUT_MASK = 'student/dropout';

/** A context that applies dropout to one of a network's activations before the network continues with it. */
export const withActivationDropout = (
  context: Context,
  activation: string,
  noise: string,
  rate: number,
): Context => ({
  ...context,
  noise: (name, shape, distribution) => context.noise(name, shape, distribution),
  activation(name, x) {
    const seen = context.activation(name, x);
    return name === activation ? invertedDropout(context, noise, seen, rate) : seen;
  },
});

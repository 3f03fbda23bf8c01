import * as tf from '@tensorflow/tfjs-core';
import type { Context } from '../contracts/network.js';
import { drawNoise } from '../random/noise.js';
import { noiseName } from '../step/play-phases.js';

/** Outside training: no noise to draw, nothing to change. */
export const inference: Context = {
  training: false,
  noise(name) {
    throw new Error(`noise "${name}" was asked for in inference mode`);
  },
  activation: (_name, x) => x,
};

/** A training context whose noise is drawn and uploaded at once. */
export function eagerContext(seed: number, step: number, repeat: number): Context {
  return {
    training: true,
    noise(name, shape, law) {
      const host = drawNoise({ name: noiseName(name, repeat), shape, distribution: law }, seed, step);
      return tf.tensor(host.data, [...shape], 'float32');
    },
    activation: (_name, x) => x,
  };
}

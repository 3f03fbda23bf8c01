import * as tf from '@tensorflow/tfjs-core';
import type { Inputs } from '../contracts/backend.js';
import type { Context } from '../contracts/network.js';
import { drawNoise } from '../random/noise.js';
import { noiseName } from '../step/play-phases.js';

/** The context of inference: no noise, activations unchanged. */
export const inference: Context = {
  training: false,
  noise(name) {
    throw new Error(`noise "${name}" was requested in inference mode`);
  },
  activation: (_name, x) => x,
};

/** A training context that draws and uploads noise when it is requested. */
export function eagerContext({ seed, step, offset = 0 }: Inputs['noise'], repeat: number): Context {
  return {
    training: true,
    noise(name, shape, distribution) {
      const spec = { name: noiseName(name, repeat), shape, distribution };
      const host = drawNoise(spec, seed, step, offset);
      return tf.tensor(host.data, [...shape], 'float32');
    },
    activation: (_name, x) => x,
  };
}

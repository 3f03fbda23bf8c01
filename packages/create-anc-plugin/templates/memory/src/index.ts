import { definePlugin, PLUGIN_API_VERSION, type ReplayMemory } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';

const options = z.strictObject({});

/**
 * The batch that was generated last, and nothing older: the student is shown its rows at random. Its state is the samples
 * themselves: tensors of fixed shapes.
 */
const memory: ReplayMemory = {
  name: 'my-component', // would contain every option: compiled steps are cached by it
  fresh: false,
  init: (samples) => samples,
  push: (_before, samples) => samples,
  draw(kept, uniform) {
    const [first] = Object.values(kept);
    const count = first!.shape[0];
    const rows = tf.minimum(tf.floor(tf.mul(uniform, count)), count - 1); // a rounded product can be count
    const indices = tf.cast(rows, 'int32');
    return Object.fromEntries(
      Object.entries(kept).map(([name, samples]) => [name, tf.gather(samples, indices)]),
    );
  },
};

export default definePlugin({
  name: 'anc-plugin-my-component',
  apiVersion: PLUGIN_API_VERSION,
  memories: {
    'my-component': { summary: 'the last batch', options, create: () => memory },
  },
});

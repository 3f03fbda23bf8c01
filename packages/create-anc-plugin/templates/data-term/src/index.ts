import { definePlugin, PLUGIN_API_VERSION, type DataTerm } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';

const options = z.strictObject({
  delta: z.number().positive().default(1).describe('difference from which the loss is linear'),
});

/** Huber loss of the logits, [B, classes] each: squares of small differences, linear in large ones. */
export function createMyComponentTerm({ delta }: z.output<typeof options>): DataTerm {
  return {
    name: `my-component(${delta})`, // contains every option: compiled steps are cached by it
    loss(student, teacher) {
      const difference = tf.sub(student, teacher);
      const root = tf.sqrt(tf.add(tf.square(tf.div(difference, delta)), 1));
      return tf.mul(tf.mean<tf.Scalar>(tf.sub(root, 1)), delta * delta);
    },
  };
}

export default definePlugin({
  name: 'anc-plugin-my-component',
  apiVersion: PLUGIN_API_VERSION,
  dataTerms: {
    'my-component': {
      summary: 'Huber loss of the logits',
      options,
      create: (given: z.output<typeof options>) => createMyComponentTerm(given),
    },
  },
});

import { definePlugin, PLUGIN_API_VERSION, type Discrepancy } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';

const options = z.strictObject({
  temperature: z.number().positive().default(1).describe('divides the logits; higher is softer'),
});

/** Squared distance of the predictions, [B, …, classes] each: a generator seeks images on which it is large. */
export function createMyComponentDiscrepancy({ temperature }: z.output<typeof options>): Discrepancy {
  const predict = (logits: tf.Tensor): tf.Tensor => tf.softmax(tf.div(logits, temperature));
  return {
    name: `my-component(${temperature})`, // contains every option: compiled steps are cached by it
    distance: (student, teacher) =>
      tf.mean<tf.Scalar>(tf.sum(tf.squaredDifference(predict(student), predict(teacher)), -1)),
  };
}

export default definePlugin({
  name: 'anc-plugin-my-component',
  apiVersion: PLUGIN_API_VERSION,
  discrepancies: {
    'my-component': {
      summary: 'squared distance of the predictions',
      options,
      create: (given: z.output<typeof options>) => createMyComponentDiscrepancy(given),
    },
  },
});

import { definePlugin, PLUGIN_API_VERSION, type Balancer } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';

const options = z.strictObject({
  most: z.number().positive().default(10).describe('largest weight of the adversarial term'),
});

/** The weight at which both gradients have the same norm, by the norms of the step before. */
export function createMyComponentBalancer({ most }: z.output<typeof options>): Balancer {
  return {
    name: `my-component(${most})`, // contains every option: compiled steps are cached by it
    memory: { weight: 0 },
    weight: ({ weight }) => weight as tf.Scalar,
    next: (_memory, { data, adversarial }) => ({
      weight: tf.minimum(tf.div(data, tf.maximum(adversarial, 1e-12)), most),
    }),
  };
}

export default definePlugin({
  name: 'anc-plugin-my-component',
  apiVersion: PLUGIN_API_VERSION,
  balancers: {
    'my-component': {
      summary: 'both gradients of one norm',
      options,
      create: (given: z.output<typeof options>) => createMyComponentBalancer(given),
    },
  },
});

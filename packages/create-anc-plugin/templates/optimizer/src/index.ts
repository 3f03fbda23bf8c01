import {
  addDecayedWeights,
  chain,
  definePlugin,
  elementwise,
  masked,
  PLUGIN_API_VERSION,
  scaleByLearningRate,
  trace,
  type GradientTransform,
} from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';

// The run's --momentum and --weight-decay are passed where the schema lists them.
const options = z.strictObject({
  momentum: z.number().min(0).lt(1).default(0.9).describe('share of the last step that is kept'),
  weightDecay: z.number().min(0).default(0).describe('of the kernels'),
});

/** The sign of the momentum (Bernstein et al. 2018), with decoupled decay of the kernels. */
export const createMyComponentOptimizer = ({
  momentum,
  weightDecay,
}: z.output<typeof options>): GradientTransform =>
  chain(
    trace(momentum),
    elementwise('my-component', (update) => tf.sign(update)),
    masked('weights', addDecayedWeights(weightDecay)),
    scaleByLearningRate(),
  );

export default definePlugin({
  name: 'anc-plugin-my-component',
  apiVersion: PLUGIN_API_VERSION,
  optimizers: {
    'my-component': {
      summary: 'the sign of the momentum',
      options,
      create: (given: z.output<typeof options>) => createMyComponentOptimizer(given),
    },
  },
});

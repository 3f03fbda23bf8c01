import type { Balancer } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';

export const fixedSchema = z.strictObject({
  weight: z.number().nonnegative().default(1).describe('weight of the adversarial term'),
});

export const gradientNormSchema = z.strictObject({
  share: z
    .number()
    .positive()
    .default(0.1)
    .describe(
      "target norm of the weighted adversarial term's gradient, as a share of that of the data term's",
    ),
  cap: z.number().positive().default(100).describe('upper bound of the weight'),
  decay: z
    .number()
    .min(0)
    .lt(1)
    .default(0.99)
    .describe("decay rate of the exponential moving average of the two gradients' ratio"),
});

/** A constant weight: 1 is the paper's "equal weighting". */
export const fixedBalancer = ({ weight }: z.infer<typeof fixedSchema>): Balancer => ({
  name: `fixed(${weight})`,
  memory: {},
  weight: () => tf.scalar(weight),
  next: () => ({}),
});

/**
 * weight = share × moving average of |∂Data| / |∂Adv|, at most `cap`: keeps the norm of the adversarial gradient at a
 * share of the data term's. The average is bias-corrected; before the first step the weight is 0.
 */
export const gradientNormBalancer = ({
  share,
  cap,
  decay,
}: z.infer<typeof gradientNormSchema>): Balancer => ({
  name: `gradient-norm(${JSON.stringify({ share, cap, decay })})`,
  memory: { ratio: 0, power: 1 },
  weight({ ratio, power }) {
    const mean = tf.div(ratio!, tf.maximum(tf.sub(1, power!), 1e-12));
    return tf.minimum(tf.mul(mean, share), cap);
  },
  next({ ratio, power }, { data, adversarial }) {
    const current = tf.minimum(tf.div(data, tf.maximum(adversarial, 1e-12)), cap / share);
    return {
      ratio: tf.add(tf.mul(ratio!, decay), tf.mul(current, 1 - decay)),
      power: tf.mul(power!, decay),
    };
  },
});

import type { Balancer, Contributions } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';

export const fixedSchema = z.strictObject({
  weight: z.number().nonnegative().default(1).describe('weight of the adversarial term'),
});

export const gradientNormSchema = z.strictObject({
  share: z.number().positive().default(0.1).describe('wanted |weighted Adv gradient| / |Data gradient|'),
  cap: z.number().positive().default(100).describe('the weight never exceeds it'),
  decay: z.number().min(0).lt(1).default(0.99).describe('of the running mean of the ratio'),
});

/** One weight throughout: the paper's "equal weighting" at 1. */
export const fixed = ({ weight }: z.infer<typeof fixedSchema>): Balancer => ({
  name: `fixed(${weight})`,
  memory: {},
  weight: () => tf.scalar(weight),
  next: () => ({}),
});

/**
 * weight = share × running mean of |∂Data| / |∂Adv|, capped: keeps the adversarial gradient at a share of
 * the data's. The mean is corrected for its start; before the first step the weight is 0.
 */
export const gradientNorm = ({ share, cap, decay }: z.infer<typeof gradientNormSchema>): Balancer => ({
  name: `gradient-norm(${JSON.stringify({ share, cap, decay })})`,
  memory: { ratio: 0, power: 1 },
  weight({ ratio, power }) {
    const mean = tf.div(ratio!, tf.maximum(tf.sub(1, power!), 1e-12));
    return tf.minimum(tf.mul(mean, share), cap);
  },
  next({ ratio, power }, { data, adversarial }) {
    const now = tf.minimum(tf.div(data, tf.maximum(adversarial, 1e-12)), cap / share);
    return {
      ratio: tf.add(tf.mul(ratio!, decay), tf.mul(now, 1 - decay)),
      power: tf.mul(power!, decay),
    };
  },
});

export const balancers: NonNullable<Contributions['balancers']> = {
  fixed: { summary: 'one weight throughout', options: fixedSchema, create: fixed },
  'gradient-norm': {
    summary: "keeps the adversarial gradient at a share of the data term's",
    options: gradientNormSchema,
    create: gradientNorm,
  },
};

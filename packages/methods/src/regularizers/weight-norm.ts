import { Regularizer, type RegularizerContext } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { z } from 'zod';

export const weightNormSchema = z.strictObject({
  mu: z.number().nonnegative().default(0.99).describe('strength μ'),
  reduction: z
    .enum(['sum', 'mean'])
    .default('sum')
    .describe('sum is the paper read literally, and with μ 0.99 it silences D within a few hundred steps'),
  scope: z.enum(['all', 'weights']).default('all').describe("all of D's parameters, or not its biases"),
});

type WeightNormOptions = z.infer<typeof weightNormSchema>;

/**
 * Eq. 5 and 6: μ Σ w² or μ Σ |w| over D's parameters, ADDED to the loss that D minimises (the paper
 * subtracts it from what D maximises), so that one update shrinks the weights.
 */
export class WeightNormRegularizer extends Regularizer {
  readonly name: string;

  constructor(
    readonly norm: 'l1' | 'l2',
    readonly options: WeightNormOptions,
  ) {
    super();
    this.name = `${norm}(${JSON.stringify(options)})`;
  }

  penalty({ params }: RegularizerContext): Scalar {
    const { mu, reduction, scope } = this.options;
    const covered = Object.entries(params)
      .filter(([name]) => scope === 'all' || name.endsWith('weights'))
      .map(([, param]) => param);
    const sums = covered.map((param) => tf.sum(this.norm === 'l1' ? tf.abs(param) : tf.square(param)));
    const total = sums.reduce((a: Tensor, b) => tf.add(a, b));
    const count = reduction === 'mean' ? covered.reduce((sum, param) => sum + param.size, 0) : 1;
    return tf.mul(total, mu / count);
  }
}

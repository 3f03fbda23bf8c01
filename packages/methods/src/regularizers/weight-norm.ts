import { Regularizer, type RegularizerContext } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { z } from 'zod';

export const weightNormSchema = z.strictObject({
  mu: z.number().nonnegative().default(0.99).describe('weight μ of the penalty'),
  reduction: z
    .enum(['sum', 'mean'])
    .default('sum')
    .describe(
      'reduction over the parameters; sum follows the paper literally, and with μ 0.99 it shrinks D to a constant within a few hundred steps',
    ),
  scope: z
    .enum(['all', 'weights'])
    .default('all')
    .describe('parameters to penalize; weights leaves out the biases'),
});

type WeightNormOptions = z.infer<typeof weightNormSchema>;

/**
 * Eq. 5 and 6: μ Σ w² or μ Σ |w| over the parameters of D, ADDED to the loss that D minimizes (the paper subtracts it
 * from what D maximizes), so that one update shrinks the weights.
 */
export class WeightNormRegularizer extends Regularizer {
  readonly name: string;

  constructor(
    /** Which norm of the weights. */
    readonly norm: 'l1' | 'l2',
    /** Weight, reduction and scope. */
    readonly options: WeightNormOptions,
  ) {
    super();
    this.name = `${norm}(${JSON.stringify(options)})`;
  }

  penalty({ params }: RegularizerContext): Scalar {
    const { mu, reduction, scope } = this.options;
    const penalized = Object.entries(params)
      .filter(([name]) => scope === 'all' || name.endsWith('weights'))
      .map(([, param]) => param);
    const sums = penalized.map((param) => tf.sum(this.norm === 'l1' ? tf.abs(param) : tf.square(param)));
    const total = sums.reduce((a: Tensor, b) => tf.add(a, b));
    const count = reduction === 'mean' ? penalized.reduce((sum, param) => sum + param.size, 0) : 1;
    return tf.mul(total, mu / count);
  }
}

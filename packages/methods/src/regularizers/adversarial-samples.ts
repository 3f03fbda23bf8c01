import { binaryCrossEntropy, Regularizer, type RegularizerContext } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar } from '@tensorflow/tfjs-core';
import { z } from 'zod';

export const adversarialSamplesSchema = z.strictObject({
  weight: z.number().nonnegative().default(1).describe("weight of the penalty in the discriminator's loss"),
  dropped: z
    .boolean()
    .default(false)
    .describe("apply the dropout mask of the same step's student phase to the student's features"),
});

/**
 * Eq. 7, the paper's own: D also learns to label student samples "teacher", -E[log D(f_s)] in the loss that D
 * minimizes. Together with label 0 in Eq. 2, the optimum on student samples becomes 1/2 if teacher and student are
 * separable, and 2/3 everywhere if they cannot be distinguished.
 */
export class AdversarialSamplesRegularizer extends Regularizer {
  readonly name: string;

  /** @param options as `adversarialSamplesSchema` returns them. */
  constructor(readonly options: z.infer<typeof adversarialSamplesSchema>) {
    super();
    this.name = `adversarial-samples(${JSON.stringify(options)})`;
  }

  penalty(context: RegularizerContext): Scalar {
    const logits = this.options.dropped ? context.discriminate(context.dropped) : context.onStudent;
    return tf.mul(binaryCrossEntropy(logits, 1), this.options.weight);
  }
}

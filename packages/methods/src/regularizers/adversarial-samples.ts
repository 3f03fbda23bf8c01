import { binaryCrossEntropy, Regularizer, type RegularizerContext } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar } from '@tensorflow/tfjs-core';
import { z } from 'zod';

export const adversarialSamplesSchema = z.strictObject({
  weight: z.number().nonnegative().default(1).describe('weight in the loss of D'),
  dropped: z
    .boolean()
    .default(false)
    .describe("whether D sees the student's features under the mask that the student's phase uses"),
});

/**
 * Eq. 7, the paper's own: D also learns to call student samples "teacher", -E[log D(f_s)] in the loss
 * that D minimises. Against label 0 in Eq. 2 this makes 1/2 the best answer on student samples of a
 * separable pair, and 2/3 everywhere when the players cannot be told apart.
 */
export class AdversarialSamplesRegularizer extends Regularizer {
  readonly name: string;

  constructor(readonly options: z.infer<typeof adversarialSamplesSchema>) {
    super();
    this.name = `adversarial-samples(${JSON.stringify(options)})`;
  }

  penalty(view: RegularizerContext): Scalar {
    const logits = this.options.dropped ? view.discriminate(view.dropped) : view.onStudent;
    return tf.mul(binaryCrossEntropy(logits, 1), this.options.weight);
  }
}

import { gradientAt, Regularizer, type RegularizerContext } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { z } from 'zod';

export const gradientPenaltySchema = z.strictObject({
  gamma: z.number().nonnegative().default(10).describe('strength γ'),
});

/**
 * R1 (Mescheder 2018, "Which training methods for GANs do actually converge?", Eq. 9): γ/2 · E‖∇_x D(f_t)‖², D's
 * slope at the teacher's samples. Its gradient is a second derivative of D. D's patches are summed per sample.
 */
export class GradientPenaltyRegularizer extends Regularizer {
  readonly name: string;

  constructor(readonly options: z.infer<typeof gradientPenaltySchema>) {
    super();
    this.name = `r1(${JSON.stringify(options)})`;
  }

  penalty({ teacher, discriminate }: RegularizerContext): Scalar {
    // A sample's logits depend on that sample alone, so the gradient of the sum holds every sample's own.
    const slope = gradientAt((x: Tensor) => tf.sum<Scalar>(discriminate(x)), teacher); // [B, …]
    const lengths = tf.sum(tf.reshape(tf.square(slope), [teacher.shape[0], -1]), 1); // [B]
    return tf.mul(tf.mean(lengths), this.options.gamma / 2);
  }
}

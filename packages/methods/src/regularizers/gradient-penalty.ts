import { gradientAt, Regularizer, type RegularizerContext } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { z } from 'zod';

export const gradientPenaltySchema = z.strictObject({
  gamma: z.number().nonnegative().default(10).describe('weight γ of the penalty'),
});

/**
 * R1 (Mescheder 2018, "Which training methods for GANs do actually converge?", Eq. 9): γ/2 · E‖∇_x D(f_t)‖², the norm
 * of D's gradient at the teacher's samples. Its own gradient is a second derivative of D. The patches of D are summed
 * per sample.
 */
export class GradientPenaltyRegularizer extends Regularizer {
  readonly name: string;

  constructor(readonly options: z.infer<typeof gradientPenaltySchema>) {
    super();
    this.name = `r1(${JSON.stringify(options)})`;
  }

  penalty({ teacher, discriminate }: RegularizerContext): Scalar {
    // A sample's logits depend on that sample alone, so the gradient of the sum holds every sample's own gradient.
    const gradient = gradientAt((x: Tensor) => tf.sum<Scalar>(discriminate(x)), teacher); // [B, …]
    const norms = tf.sum(tf.reshape(tf.square(gradient), [teacher.shape[0], -1]), 1); // [B]
    return tf.mul(tf.mean(norms), this.options.gamma / 2);
  }
}

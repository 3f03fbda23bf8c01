import { filled, Regularizer, type HostTensor, type RegularizerContext, type Tree } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { z } from 'zod';

export const lecamSchema = z.strictObject({
  weight: z.number().nonnegative().default(0.3).describe('weight λ of the penalty'),
  decay: z
    .number()
    .min(0)
    .lt(1)
    .default(0.99)
    .describe("decay rate of the exponential moving averages of the discriminator's logits"),
  oneSided: z
    .boolean()
    .default(true)
    .describe(
      "true: penalize only logits on the far side of the other side's average, as the authors' code does; false: all, as their equation has it",
    ),
});

/**
 * LeCam (Tseng 2021, "Regularizing generative adversarial networks under limited data", Eq. 6):
 * λ (E ‖D(t) - α_S‖² + E ‖D(s) - α_T‖²), with α_T and α_S moving averages of D's logits on teacher and student.
 *
 * As in the authors' code, the averages are corrected for their start at zero, and only max(0, D(t) - α_S) and
 * max(0, α_T - D(s)) are squared (`oneSided: false` is the equation). Decay 0.99 is from their code for StyleGAN2,
 * λ = 0.3 from that for BigGAN. Ours: the averages are of earlier updates alone and so constant; they are zero in the
 * first one, where the authors add the current batch beforehand, at the weight 1 - decay.
 */
export class LeCamRegularizer extends Regularizer {
  readonly name: string;

  /** @param options as `lecamSchema` returns them. */
  constructor(readonly options: z.infer<typeof lecamSchema>) {
    super();
    this.name = `lecam(${JSON.stringify(options)})`;
  }

  /** Sums of D's mean logits on both sides, weighted by age, and decay^n after n updates. */
  override memory(): Tree<HostTensor> {
    return { onTeacher: filled([]), onStudent: filled([]), power: filled([], 1) };
  }

  override next({ memory, onTeacher, onStudent }: RegularizerContext): Tree {
    const { decay } = this.options;
    const added = (sum: Tensor, logits: Tensor): Tensor =>
      tf.add(tf.mul(sum, decay), tf.mul(tf.mean(logits), 1 - decay));
    return {
      onTeacher: added(memory.onTeacher!, onTeacher),
      onStudent: added(memory.onStudent!, onStudent),
      power: tf.mul(memory.power!, decay),
    };
  }

  penalty({ memory, onTeacher, onStudent }: RegularizerContext): Scalar {
    const { weight, oneSided } = this.options;
    const average = (sum: Tensor): Tensor => tf.div(sum, tf.maximum(tf.sub(1, memory.power!), 1e-12));
    const beyond = (distance: Tensor): Tensor => (oneSided ? tf.relu(distance) : distance);
    const teacher = beyond(tf.sub(onTeacher, average(memory.onStudent!)));
    const student = beyond(tf.sub(average(memory.onTeacher!), onStudent));
    const sum = tf.add(tf.mean(tf.square(teacher)), tf.mean(tf.square(student)));
    return tf.mul<Scalar>(sum, weight);
  }
}

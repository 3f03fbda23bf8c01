import { binaryCrossEntropy, type AdversarialLoss } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { z } from 'zod';

export const relativisticSchema = z.strictObject({
  form: z
    .enum(['cross-entropy', 'least-squares', 'hinge'])
    .default('cross-entropy')
    .describe('loss of the relative logits'),
});

type Form = z.infer<typeof relativisticSchema>['form'];

/** Loss of relative logits that should be high (1) or low (0); mean over all entries. */
const FORMS: Readonly<Record<Form, (relative: Tensor, label: 0 | 1) => Scalar>> = {
  'cross-entropy': binaryCrossEntropy,
  'least-squares': (relative, label) => tf.mean(tf.square(tf.sub(relative, label === 1 ? 1 : -1))),
  hinge: (relative, label) => tf.mean(tf.relu(label === 1 ? tf.sub(1, relative) : tf.add(1, relative))),
};

/**
 * Relativistic GAN of pairs (Jolicoeur-Martineau 2018, "The relativistic discriminator: a key element missing from
 * standard GAN", Eq. 5 and 6: RSGAN): D minimizes -E log σ(D(t) - D(s)), the student -E log σ(D(s) - D(t)). A pair is
 * teacher and student on the same image.
 */
export const relativistic = ({ form }: z.infer<typeof relativisticSchema>) =>
  ({
    name: `relativistic(${form})`,
    discriminator: (onTeacher, onStudent) => FORMS[form](tf.sub(onTeacher, onStudent), 1),
    student: (onStudent, { onTeacher }) => FORMS[form](tf.sub(onStudent, onTeacher), 1),
  }) satisfies AdversarialLoss;

/**
 * Relativistic average GAN (Jolicoeur-Martineau 2018, Eq. 15 and 16: RaSGAN, RaLSGAN, RaHingeGAN): D compares each
 * sample with the mean of the other side, D̃(t) = D(t) - E D(s) and D̃(s) = D(s) - E D(t), and the student minimizes the
 * same loss with the labels exchanged.
 *
 * The paper has the sum of both sides, as here; the author's code halves it.
 */
export const relativisticAverage = ({ form }: z.infer<typeof relativisticSchema>) => {
  /** The first argument should be above the second's mean, the second below the first's. */
  const above = (higher: Tensor, lower: Tensor): Scalar =>
    tf.add(FORMS[form](tf.sub(higher, tf.mean(lower)), 1), FORMS[form](tf.sub(lower, tf.mean(higher)), 0));
  return {
    name: `relativistic-average(${form})`,
    discriminator: (onTeacher, onStudent) => above(onTeacher, onStudent),
    student: (onStudent, { onTeacher }) => above(onStudent, onTeacher),
  } satisfies AdversarialLoss;
};

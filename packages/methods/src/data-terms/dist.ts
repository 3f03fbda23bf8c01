import type { DataTerm } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Rank, Scalar, Tensor } from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { lengthsOf } from '../features/relations.js';

export const distSchema = z.strictObject({
  temperature: z
    .number()
    .positive()
    .default(1)
    .describe('temperature τ that divides the logits of student and teacher; higher is softer'),
  beta: z
    .number()
    .nonnegative()
    .default(1)
    .describe('weight of the correlation between the classes of an image'),
  gamma: z
    .number()
    .nonnegative()
    .default(1)
    .describe('weight of the correlation between the images of a class'),
});

/** Mean over the other axis of 1 - Pearson's correlation along `axis`. a, b: [N, classes]. */
function decorrelation(a: Tensor, b: Tensor, axis: number): Scalar {
  const [x, y] = [a, b].map((side) => tf.sub(side, tf.mean(side, axis, true))) as [Tensor, Tensor];
  const lengths = tf.mul(lengthsOf(x, axis, 1e-12), lengthsOf(y, axis, 1e-12));
  const correlation = tf.div(tf.sum(tf.mul(x, y), axis, true), tf.add(lengths, 1e-8));
  return tf.sub(1, tf.mean<Scalar>(correlation));
}

/**
 * Huang 2022 ("Knowledge distillation from a stronger teacher"): τ² (β · inter + γ · intra), where
 * inter is 1 - Pearson's correlation of the two networks' probabilities over the classes of an image, and intra over
 * the images of a class: the student need not match the teacher's probabilities, but their order and proportions.
 *
 * β = γ = τ = 1 are the defaults of the authors' code, which multiplies by τ² as well.
 */
export const distTerm = ({ temperature, beta, gamma }: z.infer<typeof distSchema>) =>
  ({
    name: `dist(${temperature},${beta},${gamma})`,
    loss(student: Tensor, teacher: Tensor): Scalar {
      const [own, wanted] = [student, teacher].map((z) => {
        const rows = tf.reshape<Rank.R2>(z, [-1, z.shape.at(-1)!]);
        return tf.softmax(tf.div(rows, temperature));
      }) as [Tensor, Tensor];
      const inter = tf.mul<Scalar>(decorrelation(own, wanted, 1), beta);
      const intra = tf.mul<Scalar>(decorrelation(own, wanted, 0), gamma);
      return tf.mul(tf.add(inter, intra), temperature * temperature);
    },
  }) satisfies DataTerm;

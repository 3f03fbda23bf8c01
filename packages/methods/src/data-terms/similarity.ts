import type { DataTerm, DataTermContext } from '@anc/core';
import { outputOf } from '../features/output-of.js';
import * as tf from '@tensorflow/tfjs-core';
import type { Rank, Scalar, Tensor } from '@tensorflow/tfjs-core';
import { z } from 'zod';

export const similaritySchema = z.strictObject({
  output: z
    .string()
    .default('features')
    .describe('output of both networks to compare: features, logits or a named tap; widths may differ'),
});

/** Similarities of every pair of samples, each row scaled to unit length. x: [B, …] -> [B, B]. */
function similarities(x: Tensor): Tensor {
  const flat = tf.reshape<Rank.R2>(x, [x.shape[0], -1]);
  const products = tf.matMul(flat, flat, false, true); // [B, B]
  const lengths = tf.sqrt(tf.add(tf.sum(tf.square(products), 1, true), 1e-24));
  return tf.div(products, tf.maximum(lengths, 1e-12));
}

/**
 * Tung & Mori 2019 ("Similarity-preserving knowledge distillation"), Eq. 1 to 4: 1/B² ‖G_t - G_s‖² of the similarities
 * G between the samples of a batch, each row scaled to unit length. Student and teacher may differ in width.
 *
 * The paper takes the last layer of each residual stage and adds cross-entropy with labels (`hardWeight`); its weight
 * λ is 3000.
 */
export const similarityTerm = ({ output }: z.infer<typeof similaritySchema>) =>
  ({
    name: `similarity(${output})`,
    teacherOutputs: [output],
    loss(_student: Tensor, _teacher: Tensor, { student, teacher }: DataTermContext): Scalar {
      const own = similarities(outputOf(student, output, 'student'));
      const wanted = similarities(outputOf(teacher, output, 'teacher'));
      return tf.mean(tf.squaredDifference(own, wanted)); // the mean over B² pairs
    },
  }) satisfies DataTerm;

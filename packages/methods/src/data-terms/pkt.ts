import type { DataTerm, DataTermContext } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { outputOf } from '../features/output-of.js';
import { lengthsOf, rowsOf } from '../features/relations.js';

export const pktSchema = z.strictObject({
  output: z
    .string()
    .default('features')
    .describe('output of both networks to compare: features, logits or a named tap; widths may differ'),
});

/** The authors' constant, which keeps divisors and logarithms finite. */
const EPSILON = 1e-7;

/** Probabilities that a sample picks another as its neighbor, from cosine similarities in [0, 1]. x: [B, …] -> [B, B]. */
function neighbors(x: Tensor): Tensor {
  const rows = rowsOf(x);
  const directions = tf.div(rows, tf.add(lengthsOf(rows, 1, 1e-12), EPSILON));
  const cosines = tf.matMul(directions, directions, false, true);
  const similarities = tf.div(tf.add(cosines, 1), 2);
  return tf.div(similarities, tf.sum(similarities, 1, true));
}

/**
 * Passalis & Tefas 2018 ("Learning deep representations with probabilistic knowledge transfer"): KL
 * divergence between the probabilities that an image picks another of the batch as its neighbor, in the teacher's and
 * in the student's features. Student and teacher may differ in width.
 *
 * As in the authors' code, the divergence is the mean over all B² pairs, for which published weights are large (30,000
 * in RepDistiller).
 */
export const pktTerm = ({ output }: z.infer<typeof pktSchema>) =>
  ({
    name: `pkt(${output})`,
    teacherOutputs: [output],
    loss(_student: Tensor, _teacher: Tensor, { student, teacher }: DataTermContext): Scalar {
      const own = tf.add(neighbors(outputOf(student, output, 'student')), EPSILON);
      const wanted = neighbors(outputOf(teacher, output, 'teacher'));
      return tf.mean<Scalar>(tf.mul(wanted, tf.log(tf.div(tf.add(wanted, EPSILON), own))));
    },
  }) satisfies DataTerm;

import { temperatureKl, type Discrepancy } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { centeredLogits } from '../terms/centered.js';

export const absoluteSchema = z.strictObject({
  centered: z
    .boolean()
    .default(true)
    .describe('compare logits minus their mean over the classes, so that log-probabilities count as logits'),
});

export const softenedSchema = (temperature: number) =>
  z.strictObject({
    temperature: z
      .number()
      .positive()
      .default(temperature)
      .describe('temperature that divides the logits of student and teacher; higher is softer'),
  });

/** E |s - t|, mean over batch and classes; of centered logits where asked. student, teacher: [B, …, classes]. */
export function absoluteDistance(student: Tensor, teacher: Tensor, centered: boolean): Scalar {
  const [s, t] = centered ? [centeredLogits(student), centeredLogits(teacher)] : [student, teacher];
  return tf.mean<Scalar>(tf.abs(tf.sub(s, t)));
}

/** DFAD (Fang 2019): the mean absolute difference of the logits. */
export const l1Discrepancy = ({ centered }: z.infer<typeof absoluteSchema>): Discrepancy => ({
  name: `l1(${centered})`,
  distance: (student, teacher) => absoluteDistance(student, teacher, centered),
});

/**
 * log(1 + L1), as in the DFAD authors' code: its gradient falls as the difference grows, so that images on which it is
 * already large are not driven further.
 */
export const logL1Discrepancy = ({ centered }: z.infer<typeof absoluteSchema>): Discrepancy => ({
  name: `log-l1(${centered})`,
  distance: (student, teacher) => tf.log(tf.add<Scalar>(absoluteDistance(student, teacher, centered), 1)),
});

/** T² KL(teacher ‖ student) of the softened predictions (Hinton 2015). */
export const klDiscrepancy = ({ temperature }: { temperature: number }): Discrepancy => ({
  name: `kl(${temperature})`,
  distance: (student, teacher) => temperatureKl(student, teacher, temperature),
});

/** log of the mean of two distributions that are given by logarithms: log((e^a + e^b) / 2), without overflow. */
const logMean = (a: Tensor, b: Tensor): Tensor => tf.sub(tf.add(a, tf.softplus(tf.sub(b, a))), Math.LN2);

/**
 * Jensen-Shannon divergence of the softened predictions, (KL(p ‖ m) + KL(q ‖ m)) / 2 with m = (p + q) / 2: at most log 2.
 * Temperature 3 is that of the adaptive competition in DeepInversion's code (Yin 2020).
 */
export const jensenShannonDiscrepancy = ({ temperature }: { temperature: number }): Discrepancy => ({
  name: `jensen-shannon(${temperature})`,
  distance(student, teacher) {
    const p = tf.logSoftmax(tf.div(teacher, temperature));
    const q = tf.logSoftmax(tf.div(student, temperature));
    const m = logMean(p, q);
    const divergence = (from: Tensor): Tensor => tf.sum(tf.mul(tf.exp(from), tf.sub(from, m)), -1); // [B, …]
    return tf.mul<Scalar>(tf.mean(tf.add(divergence(p), divergence(q))), 0.5);
  },
});

import { squaredDistance, temperatureKl, type DataTerm } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { decoupledKl, topClass } from '../terms/decoupled.js';

export const l2Schema = z.strictObject({
  reduction: z
    .enum(['sum', 'mean'])
    .default('sum')
    .describe('reduction of the squared differences over the classes; over the batch it is always the mean'),
});

export const klSchema = z.strictObject({
  temperature: z
    .number()
    .positive()
    .default(4)
    .describe('temperature that divides the logits of student and teacher; higher is softer'),
});

export const dkdSchema = klSchema.extend({
  alpha: z
    .number()
    .nonnegative()
    .default(1)
    .describe('weight of the target class term: target class against all others'),
  beta: z.number().nonnegative().default(8).describe('weight of the softmax over the other classes'),
});

export const standardizedSchema = z.strictObject({
  temperature: z
    .number()
    .positive()
    .default(2)
    .describe('temperature that divides the standardized logits; higher is softer'),
});

/** Eq. 3, Ba & Caruana 2014: squared distance of the logits. */
export const l2Term = ({ reduction }: z.infer<typeof l2Schema>): DataTerm => ({
  name: `l2(${reduction})`,
  loss: (student, teacher) => squaredDistance(student, teacher, reduction),
});

/** Hinton 2015 without its hard loss, so without labels: T² KL(teacher || student) at temperature T. */
export const klTerm = ({ temperature }: z.infer<typeof klSchema>): DataTerm => ({
  name: `kl(${temperature})`,
  loss: (student, teacher) => temperatureKl(student, teacher, temperature),
});

/** Zhao 2022, decoupled distillation with the teacher's prediction as the target class: no labels. See `decoupledKl`. */
export const dkdTerm = (options: z.infer<typeof dkdSchema>): DataTerm => ({
  name: `dkd(${JSON.stringify(options)})`,
  loss: (student, teacher) => decoupledKl(student, teacher, topClass(teacher), options),
});

/** (z - mean) / standard deviation over the classes of each prediction. z: [B, …, classes]. */
function standardizedLogits(z: Tensor): Tensor {
  const classes = z.rank - 1;
  const centered = tf.sub(z, tf.mean(z, classes, true));
  const deviation = tf.sqrt(tf.add(tf.mean(tf.square(centered), classes, true), 1e-7));
  return tf.div(centered, deviation);
}

/**
 * Sun 2024 ("Logit standardization in knowledge distillation"): T² KL of logits with mean 0 and standard deviation 1
 * per prediction, so that the student need not match the range of the teacher's logits.
 */
export const standardizedTerm = ({ temperature }: z.infer<typeof standardizedSchema>): DataTerm => ({
  name: `standardized(${temperature})`,
  loss: (student, teacher) =>
    temperatureKl(standardizedLogits(student), standardizedLogits(teacher), temperature),
});

/** Mean absolute difference of the logits, over all axes. */
export const l1Term: DataTerm = {
  name: 'l1',
  loss: (student, teacher) => tf.mean<Scalar>(tf.abs(tf.sub(student, teacher))),
};

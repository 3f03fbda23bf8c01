import { squaredDistance, temperatureKl, type Contributions, type DataTerm } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { decoupledKl, topClass } from '../terms/decoupled.js';

export const l2Schema = z.strictObject({
  reduction: z.enum(['sum', 'mean']).default('sum').describe('over the classes; the batch is averaged'),
});

export const klSchema = z.strictObject({
  temperature: z.number().positive().default(4).describe('softens both distributions'),
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

export const dkdSchema = klSchema.extend({
  alpha: z.number().nonnegative().default(1).describe('weight of "target or not"'),
  beta: z.number().nonnegative().default(8).describe('weight of the other classes among each other'),
});

/** Zhao 2022, decoupled distillation around the teacher's own prediction: no labels. See `decoupledKl`. */
export const dkdTerm = (options: z.infer<typeof dkdSchema>): DataTerm => ({
  name: `dkd(${JSON.stringify(options)})`,
  loss: (student, teacher) => decoupledKl(student, teacher, topClass(teacher), options),
});

export const standardisedSchema = z.strictObject({
  temperature: z.number().positive().default(2).describe('softens both distributions'),
});

/** (z - mean) / standard deviation over the classes of each sample. z: [B, classes]. */
function standardisedLogits(z: Tensor): Tensor {
  const centred = tf.sub(z, tf.mean(z, 1, true));
  const deviation = tf.sqrt(tf.add(tf.mean(tf.square(centred), 1, true), 1e-7));
  return tf.div(centred, deviation);
}

/**
 * Sun 2024 ("Logit standardization in knowledge distillation"): T² KL of logits brought to mean 0 and deviation 1
 * per sample, so that the student need not match the teacher's range.
 */
export const standardisedTerm = ({ temperature }: z.infer<typeof standardisedSchema>): DataTerm => ({
  name: `standardised(${temperature})`,
  loss: (student, teacher) =>
    temperatureKl(standardisedLogits(student), standardisedLogits(teacher), temperature),
});

/** Mean absolute distance of the logits, over classes and batch. */
export const l1Term: DataTerm = {
  name: 'l1',
  loss: (student, teacher) => tf.mean<Scalar>(tf.abs(tf.sub(student, teacher))),
};

export const dataTerms: NonNullable<Contributions['dataTerms']> = {
  l2: { summary: 'Eq. 3: squared distance of the logits', options: l2Schema, create: l2Term },
  kl: { summary: 'label-free distillation with a temperature', options: klSchema, create: klTerm },
  dkd: {
    summary: "decoupled distillation around the teacher's prediction",
    options: dkdSchema,
    create: dkdTerm,
  },
  standardised: {
    summary: 'label-free distillation of standardised logits',
    options: standardisedSchema,
    create: standardisedTerm,
  },
  l1: { summary: 'absolute distance of the logits', options: z.strictObject({}), create: () => l1Term },
};

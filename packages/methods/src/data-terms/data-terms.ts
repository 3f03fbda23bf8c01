import { squaredDistance, temperatureKl, type DataTerm } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { centeredLogits } from '../terms/centered.js';
import { decoupledKl, topClass } from '../terms/decoupled.js';

/** Options of the data term `l2`. */
export const l2Schema = z.strictObject({
  reduction: z
    .enum(['sum', 'mean'])
    .default('sum')
    .describe('reduction of the squared differences over the classes; over the batch it is always the mean'),
});

/** Options of the data term `kl`. */
export const klSchema = z.strictObject({
  temperature: z
    .number()
    .positive()
    .default(4)
    .describe('temperature that divides the logits of student and teacher; higher is softer'),
});

/** Options of the data term `dkd`. */
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
  deviation: z
    .enum(['population', 'sample'])
    .default('population')
    .describe("divisor of the variance over n classes: n, or n - 1 as in the authors' code"),
});

/** Options of the data term `standardized`; earlier versions had the temperature alone. */
type StandardizedOptions = Pick<z.infer<typeof standardizedSchema>, 'temperature'> &
  Partial<z.infer<typeof standardizedSchema>>;

/** Eq. 3, Ba & Caruana 2014: squared distance of the logits. */
export const l2Term = ({ reduction }: z.infer<typeof l2Schema>) =>
  ({
    name: `l2(${reduction})`,
    loss: (student: Tensor, teacher: Tensor) => squaredDistance(student, teacher, reduction),
  }) satisfies DataTerm;

/** Hinton 2015 without its hard loss, so without labels: T² KL(teacher || student) at temperature T. */
export const klTerm = ({ temperature }: z.infer<typeof klSchema>) =>
  ({
    name: `kl(${temperature})`,
    loss: (student: Tensor, teacher: Tensor) => temperatureKl(student, teacher, temperature),
  }) satisfies DataTerm;

/** Zhao 2022, decoupled distillation with the teacher's prediction as the target class: no labels. See `decoupledKl`. */
export const dkdTerm = (options: z.infer<typeof dkdSchema>) =>
  ({
    name: `dkd(${JSON.stringify(options)})`,
    loss: (student: Tensor, teacher: Tensor) => decoupledKl(student, teacher, topClass(teacher), options),
  }) satisfies DataTerm;

/** (z - mean) / standard deviation over the classes of each prediction. z: [B, …, classes]. */
function standardizedLogits(z: Tensor, sample: boolean): Tensor {
  const classes = z.rank - 1;
  const centered = tf.sub(z, tf.mean(z, classes, true));
  const squares = tf.square(centered);
  const variance = sample
    ? tf.div(tf.sum(squares, classes, true), Math.max(1, z.shape.at(-1)! - 1))
    : tf.mean(squares, classes, true);
  return tf.div(centered, tf.sqrt(tf.add(variance, 1e-7)));
}

/**
 * Sun 2024 ("Logit standardization in knowledge distillation"): T² KL of logits with mean 0 and standard deviation 1
 * per prediction, so that the student need not match the range of the teacher's logits.
 *
 * The authors' code divides the squares of n classes by n - 1 (`deviation: sample`). That makes the standardized logits
 * smaller by the factor √((n - 1) / n), as a temperature that is 5 % higher for 10 classes.
 */
export const standardizedTerm = ({ temperature, deviation = 'population' }: StandardizedOptions) =>
  ({
    name: `standardized(${temperature}${deviation === 'sample' ? ',sample' : ''})`,
    loss(student: Tensor, teacher: Tensor): Scalar {
      const [own, wanted] = [student, teacher].map((z) => standardizedLogits(z, deviation === 'sample')) as [
        Tensor,
        Tensor,
      ];
      return temperatureKl(own, wanted, temperature);
    },
  }) satisfies DataTerm;

export const l1Schema = z.strictObject({
  centered: z
    .boolean()
    .default(false)
    .describe('compare logits minus their mean over the classes: for teachers that give log-probabilities'),
});

/** Mean absolute difference of the logits, over all axes. */
export const l1Term = {
  name: 'l1',
  loss: (student: Tensor, teacher: Tensor) => tf.mean<Scalar>(tf.abs(tf.sub(student, teacher))),
} satisfies DataTerm;

/** The same of centered logits: what log-probabilities and logits have in common. */
const centeredL1Term: DataTerm = {
  name: 'l1(centered)',
  loss: (student, teacher) => l1Term.loss(centeredLogits(student), centeredLogits(teacher)),
};

/** L1 of the logits, or of centered ones. */
export const l1TermOf = ({ centered }: z.infer<typeof l1Schema>): DataTerm =>
  centered ? centeredL1Term : l1Term;

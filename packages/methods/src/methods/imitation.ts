import {
  withActivationDropout,
  Method,
  optimizerConfigSchema,
  type MethodEnvironment,
  type OptimizerConfig,
  type Stage,
} from '@anc/core';
import { z } from 'zod';
import { klSchema, klTerm, l2Schema, l2Term } from '../data-terms/index.js';
import { decoupledTerm } from '../terms/decoupled.js';
import { dataTerm, hardLabels } from '../terms/logits.js';
import { part } from './part.js';
import { termStage, type WeightedTerm } from './training.js';
import type { Parts, Term } from '@anc/core';

export const commonSchema = z.strictObject({
  recipe: optimizerConfigSchema.prefault({}),
  lambda: z.number().nonnegative().default(1).describe('weight λ of the data term'),
});

export const l2MethodSchema = commonSchema.extend(l2Schema.shape);

export const hardWeightSchema = z
  .number()
  .min(0)
  .max(1)
  .default(0)
  .describe('weight of the cross-entropy with labels; 0 reads no labels');

export const kdSchema = commonSchema.extend({ ...klSchema.shape, hardWeight: hardWeightSchema });

export const dkdSchema = commonSchema.extend({
  ...klSchema.shape,
  alpha: z.number().nonnegative().default(1).describe('weight of "target or not"'),
  beta: z.number().nonnegative().default(8).describe('weight of the other classes among each other'),
  target: z
    .enum(['teacher', 'labels'])
    .default('teacher')
    .describe("which class is the target: the teacher's own prediction, or the label"),
  hardWeight: hardWeightSchema,
});

export const dropoutNoiseSchema = commonSchema.extend({
  dataTerm: part('l2'),
  dropout: z
    .number()
    .gt(0)
    .lt(1)
    .default(0.5)
    .describe('share of features hidden from the logits; without any it would be the data term alone'),
});

/** (1 - α) · λ · data + α · cross-entropy with labels; the latter is left out at α = 0. */
export function softAndHard(data: Term, lambda: number, hardWeight: number): WeightedTerm[] {
  const soft = { term: data, weight: (1 - hardWeight) * lambda };
  return hardWeight === 0 ? [soft] : [soft, { term: hardLabels, weight: hardWeight }];
}

interface ImitationOptions {
  readonly name: string;
  readonly recipe: OptimizerConfig;
  readonly terms: readonly WeightedTerm[];
  /** Share of features that are hidden inside the student. */
  readonly dropout?: number;
}

/** The student follows the teacher's logits; no second player. */
export class ImitationMethod extends Method {
  readonly name: string;
  readonly labels: 'never' | 'required';
  readonly needsTeacher = true;

  constructor(readonly options: ImitationOptions) {
    super();
    this.name = options.name;
    this.labels = options.terms.some(({ term }) => term.usesLabels) ? 'required' : 'never';
  }

  stages(players: MethodEnvironment): readonly Stage[] {
    const { name, recipe, terms, dropout = 0 } = this.options;
    const lens = {
      id: `dropout(${dropout})`,
      wrap: (context: Parameters<typeof withActivationDropout>[0]) =>
        withActivationDropout(context, 'features', 'student/dropout', dropout),
    };
    return [
      termStage({
        name,
        environment: players,
        optimizer: recipe,
        terms,
        ...(dropout > 0 && { wrapContext: lens }),
      }),
    ];
  }
}

/**
 * Ba & Caruana 2014 ("Do deep nets really need to be deep?"): λ · E‖f_t - f_s‖² on the logits, which is Eq. 3 of
 * adversarial compression alone. No labels.
 *
 * The paper fixed logits instead of probabilities, half of the sum over the classes (its Eq. 2), and shallow students
 * of its own. Ours: without the half, as Eq. 3 has it; the sum or the mean over the classes, λ = 1, and any student.
 */
export const l2Method = ({ reduction, recipe, lambda }: z.infer<typeof l2MethodSchema>): ImitationMethod =>
  new ImitationMethod({ name: 'l2', recipe, terms: softAndHard(dataTerm(l2Term({ reduction })), lambda, 0) });

/**
 * Hinton 2015 ("Distilling the knowledge in a neural network"): (1 - α) · T² · KL(softmax(f_t/T) ‖ softmax(f_s/T))
 * + α · cross-entropy with labels.
 *
 * The paper fixed the factor T², which keeps the gradient's size as T changes, and a hard loss of considerably lower
 * weight; T it chose per task, from 1 to 20. Ours: no hard loss and so no labels unless asked for (α = 0), T = 4.
 */
export const kdMethod = ({
  temperature,
  hardWeight,
  recipe,
  lambda,
}: z.infer<typeof kdSchema>): ImitationMethod =>
  new ImitationMethod({
    name: 'kd',
    recipe,
    terms: softAndHard(dataTerm(klTerm({ temperature })), lambda, hardWeight),
  });

/**
 * Zhao 2022 ("Decoupled knowledge distillation"): T² (α · TCKD + β · NCKD), the two halves that KD is made of,
 * weighed freely: TCKD = KL of "target or not", NCKD = KL of the softmax among the other classes (`decoupledKl`).
 *
 * The paper fixed the label as the target, cross-entropy beside it, α = 1, and per pair T (4 for its small ones) and β
 * (1 to 10). Ours: the target is the teacher's prediction and no label is read unless asked for; β = 8 for every
 * pair, and the term has its full weight from the first step, where the authors' code lets it rise.
 */
export function dkdMethod(options: z.infer<typeof dkdSchema>): ImitationMethod {
  const { recipe, lambda, hardWeight, target, temperature, alpha, beta } = options;
  const term = decoupledTerm({ temperature, alpha, beta }, target);
  return new ImitationMethod({ name: 'dkd', recipe, terms: softAndHard(term, lambda, hardWeight) });
}

/**
 * λ · Data(f_t, c(m ⊙ g)): g the student's features, m a mask of inverted dropout, c its last layer. A control: the
 * data term with the adversarial method's dropout, and no discriminator. What it gains over the data term alone is
 * not the adversary's doing.
 *
 * The rate 0.5 is that of the adversarial paper (Belagiannis 2018), which hides features from D alone. Ours: they are
 * hidden inside the student, since without D there is nothing else to hide them from.
 */
export const dropoutNoiseMethod = (
  { recipe, lambda, dataTerm: data, dropout }: z.infer<typeof dropoutNoiseSchema>,
  parts: Parts,
): ImitationMethod =>
  new ImitationMethod({
    name: 'dropout-noise',
    recipe,
    dropout,
    terms: softAndHard(dataTerm(parts.dataTerm(data.name, data.options)), lambda, 0),
  });

import {
  Method,
  type Context,
  type MethodEnvironment,
  type OptimizerConfig,
  type Parts,
  type Stage,
} from '@anc/core';
import { withActivationDropout } from '@anc/core/internal';
import { z } from 'zod';
import {
  distSchema as distTermSchema,
  distTerm,
  dkdSchema as dkdTermSchema,
  klSchema,
  klTerm,
  l2Schema,
  l2Term,
} from '../data-terms/index.js';
import { commonSchema, formerOptimizerName, part, withDeprecatedNames } from '../options/index.js';
import { softAndHard } from '../stages/data-weight.js';
import { termStage, type WeightedTerm } from '../stages/term-stage.js';
import { decoupledTerm } from '../terms/decoupled.js';
import { dataTerm } from '../terms/logits.js';

/** Options of the method `l2`. */
export const l2MethodSchema = withDeprecatedNames(commonSchema.extend(l2Schema.shape), formerOptimizerName);

/** Options of the method `kd`. */
export const kdSchema = withDeprecatedNames(commonSchema.extend(klSchema.shape), formerOptimizerName);

/** Options of the method `dist`. */
export const distMethodSchema = commonSchema.extend(distTermSchema.shape);

/** Options of the method `dkd`. */
export const dkdMethodSchema = withDeprecatedNames(
  commonSchema.extend({
    ...dkdTermSchema.shape,
    target: z
      .enum(['teacher', 'labels'])
      .default('teacher')
      .describe("target class: the teacher's prediction, or the label"),
  }),
  formerOptimizerName,
);

/** Options of the method `dropout-noise`. */
export const dropoutNoiseSchema = withDeprecatedNames(
  commonSchema.extend({
    dataTerm: part('l2').describe('distance of the logits of student and teacher'),
    dropout: z
      .number()
      .gt(0)
      .lt(1)
      .default(0.5)
      .describe("dropout rate of the student's features, above 0: without dropout it would be the data term"),
  }),
  formerOptimizerName,
);

/** Options of `DistillationMethod`. */
export interface DistillationOptions {
  /** Name under which it is registered. */
  readonly name: string;
  /** How the student is optimized. */
  readonly optimizer: OptimizerConfig;
  /** The terms of the loss, with their weights. */
  readonly terms: readonly WeightedTerm[];
  /** Dropout rate of the student's features, inside the student; none by default. */
  readonly dropout?: number;
}

/** The options with the names of earlier versions. */
type FormerDistillationOptions = Omit<DistillationOptions, 'optimizer'> & {
  /** Deprecated: use `optimizer`. */
  readonly recipe: OptimizerConfig;
};

/** One stage in which the student alone is trained: it minimizes a weighted sum of terms. */
export class DistillationMethod extends Method {
  readonly name: string;
  readonly labels: 'never' | 'required';
  readonly needsTeacher = true;
  /** Options of the method. */
  readonly options: DistillationOptions;

  constructor(options: DistillationOptions | FormerDistillationOptions) {
    super();
    this.options = 'recipe' in options ? { ...options, optimizer: options.recipe } : options;
    this.name = options.name;
    this.labels = options.terms.some(({ term }) => term.usesLabels) ? 'required' : 'never';
  }

  stages(environment: MethodEnvironment): readonly Stage[] {
    const { name, optimizer, terms, dropout = 0 } = this.options;
    const wrapContext = {
      id: `dropout(${dropout})`,
      wrap: (context: Context) => withActivationDropout(context, 'features', 'student/dropout', dropout),
    };
    return [termStage({ name, environment, optimizer, terms, ...(dropout > 0 && { wrapContext }) })];
  }
}

/**
 * Ba & Caruana 2014 ("Do deep nets really need to be deep?"): λ · E‖f_t - f_s‖² on the logits, which is Eq. 3 of
 * adversarial compression alone. No labels.
 *
 * The paper fixed logits instead of probabilities, half of the sum over the classes (its Eq. 2), and shallow students
 * of its own. Ours: without the half, as Eq. 3 has it; the sum or the mean over the classes, λ = 1, and any student.
 */
export const l2Method = ({
  reduction,
  optimizer,
  ...weights
}: z.infer<typeof l2MethodSchema>): DistillationMethod =>
  new DistillationMethod({
    name: 'l2',
    optimizer,
    terms: softAndHard(dataTerm(l2Term({ reduction })), weights),
  });

/**
 * Hinton 2015 ("Distilling the knowledge in a neural network"): (1 - α) · T² · KL(softmax(f_t/T) ‖ softmax(f_s/T))
 * + α · cross-entropy with labels.
 *
 * The paper fixed the factor T², which keeps the gradient's magnitude as T changes, and a hard loss of considerably
 * lower weight; it chose T per task, from 1 to 20. Ours: no hard loss and so no labels by default (α = 0), T = 4.
 */
export const kdMethod = ({
  temperature,
  optimizer,
  ...weights
}: z.infer<typeof kdSchema>): DistillationMethod =>
  new DistillationMethod({
    name: 'kd',
    optimizer,
    terms: softAndHard(dataTerm(klTerm({ temperature })), weights),
  });

/**
 * Zhao 2022 ("Decoupled knowledge distillation"): T² (α · TCKD + β · NCKD), the two parts of KD with weights of their
 * own: TCKD = KL of "target or not", NCKD = KL of the softmax over the other classes (`decoupledKl`).
 *
 * The paper fixed the label as the target, cross-entropy beside it, α = 1, and per pair T (4 for its small ones) and β
 * (1 to 10). Ours: the target is the teacher's prediction and no label is read by default; β = 8 for every pair, and
 * the term has its full weight from the first step. The authors' code is `target: labels, hardWeight: 1,
 * hardWeightMode: added, dataWarmup: 20`.
 */
export function dkdMethod(options: z.infer<typeof dkdMethodSchema>): DistillationMethod {
  const { optimizer, target, temperature, alpha, beta, ...weights } = options;
  const term = decoupledTerm({ temperature, alpha, beta }, target);
  return new DistillationMethod({ name: 'dkd', optimizer, terms: softAndHard(term, weights) });
}

/**
 * Huang 2022 ("Knowledge distillation from a stronger teacher"): λ · DIST (`distTerm`), and α · cross-entropy with
 * labels.
 *
 * The paper adds it to cross-entropy with labels; its code for that is `hardWeight: 1, hardWeightMode: added`. Ours: no
 * label is read by default.
 */
export const distMethod = ({
  temperature,
  beta,
  gamma,
  optimizer,
  ...weights
}: z.infer<typeof distMethodSchema>): DistillationMethod =>
  new DistillationMethod({
    name: 'dist',
    optimizer,
    terms: softAndHard(dataTerm(distTerm({ temperature, beta, gamma })), weights),
  });

/**
 * λ · Data(f_t, c(m ⊙ g)): g the student's features, m a mask of inverted dropout, c its last layer. A control: the
 * data term with the adversarial method's dropout and no discriminator. Whatever it gains over the data term alone is
 * not due to the discriminator.
 *
 * The rate 0.5 is that of the adversarial paper (Belagiannis 2018), which drops features of D's input alone. Ours: they
 * are dropped inside the student, since without D there is no other place.
 */
export const dropoutNoiseMethod = (
  { optimizer, dataTerm: data, dropout, ...weights }: z.infer<typeof dropoutNoiseSchema>,
  parts: Parts,
): DistillationMethod =>
  new DistillationMethod({
    name: 'dropout-noise',
    optimizer,
    dropout,
    terms: softAndHard(dataTerm(parts.dataTerm(data.name, data.options)), weights),
  });

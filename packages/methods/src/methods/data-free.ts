import { Method, type MethodEnvironment, type Parts, type Stage } from '@anc/core';
import { optimizerOverridesSchema } from '@anc/core/internal';
import { z } from 'zod';
import { optimizerOption, optionalPartList, part } from '../options/index.js';
import { generatorStage, type GeneratorVariant } from '../stages/generator-stage.js';

/** Options of every method with a generator. */
export const generatorOptions = {
  optimizer: optimizerOption,
  generatorOptimizer: optimizerOverridesSchema
    .optional()
    .describe(
      "options of the generator's optimizer; default: adam(beta1=0.5) with a constant learning rate of 0.001",
    ),
  generator: part('conv').describe('network that makes images from noise'),
  discrepancy: part('log-l1').describe(
    'what the generator maximizes: match it to studentTerm (log-l1: the code of DFAD)',
  ),
  generatorTerms: optionalPartList.describe(
    'further terms that the generator minimizes; default: class-balance, confidence and activation with the weights of DAFL, and batch-norm where the teacher has batch norm',
  ),
  discrepancyWeight: z
    .number()
    .nonnegative()
    .default(5)
    .describe('weight of the discrepancy in the loss of the generator; 0: no adversary'),
  memory: part('replay').describe('memory of generated images that the student is shown'),
  mixup: z
    .boolean()
    .default(false)
    .describe('show the student averages of pairs of generated images, with the teacher outputs for them'),
  studentTerm: part({ name: 'l1', centered: true }).describe(
    'data term that the student minimizes: distance of its logits to the teacher on the images that it is shown',
  ),
  studentSteps: z
    .number()
    .int()
    .positive()
    .default(5)
    .describe('updates of the student per update of the generator (5 in DFAD)'),
};

/** Where a default is not published it is ours, tuned on Fashion-MNIST with a LeNet-5 student. */
export const dataFreeSchema = z.strictObject(generatorOptions);

/** Options of `DataFreeMethod`. */
export type DataFreeOptions = z.infer<typeof dataFreeSchema>;

/**
 * Data-free adversarial distillation (DFAD, Fang 2019, arXiv 1912.11006): min over f_s, max over G of
 * E_z D(f_t(G(z)), f_s(G(z))) through the frozen teacher f_t; no image and no label is read.
 *
 * From the paper: the min-max objective, five updates of the student per update of the generator, and log(1 + L1) from
 * its code. From DAFL (Chen 2019, arXiv 1904.01186): the terms of class balance, confidence and activation. From DeepInversion
 * (Yin 2020, arXiv 1912.08795): the term of the teacher's batch norm, where it has one. Ours: a memory of 150 batches, and a
 * bounded range of pixels, without which the teacher's logits grew far beyond those of real images.
 */
export class DataFreeMethod extends Method {
  readonly name: string;
  readonly labels = 'never';
  readonly needsTeacher = true;

  readonly #stage: (environment: MethodEnvironment) => Stage;

  constructor(options: DataFreeOptions, parts: Parts, variant: GeneratorVariant = { name: 'data-free' }) {
    super();
    this.name = variant.name;
    this.#stage = (environment) => generatorStage(options, variant, parts, environment);
  }

  stages(environment: MethodEnvironment): readonly Stage[] {
    return [this.#stage(environment)];
  }
}

const control =
  (variant: GeneratorVariant) =>
  (options: DataFreeOptions, parts: Parts): DataFreeMethod =>
    new DataFreeMethod(options, parts, variant);

/** What it is compared with; everything else is as in `DataFreeMethod`. */
export const dataFreeControls = {
  /** A generator that minimizes its terms alone, as in DAFL (Chen 2019). */
  nonAdversarial: control({ name: 'data-free-non-adversarial', nonAdversarial: true }),
  /** Images of noise. */
  noise: control({ name: 'data-free-noise', generator: 'noise', frozen: true }),
  /** A generator with its random initial weights, whose batch norm gives images of some variety. */
  untrained: control({ name: 'data-free-untrained', frozen: true }),
};

import {
  createOptimizer,
  dataFreePhases,
  dataFreeStep,
  generatedImages,
  initDataFreeState,
  learningRateOf,
  Method,
  optimizerConfigSchema,
  type DataFreeSetup,
  type MethodEnvironment,
  type Parts,
  type Stage,
} from '@anc/core';
import { optimizerOverridesSchema } from '@anc/core/internal';
import { z } from 'zod';
import { optimizerOption, part, partList, withDeprecatedNames } from '../options/index.js';
import { initStudent, studentVariables } from '../stages/initial-state.js';
import { progressShare } from '../stages/term-stage.js';
import { requireNetwork } from './teacher-network.js';

/** How the generator is optimized, where its options say nothing else: DCGAN's Adam (Radford 2016) at a rate of 0.001. */
const GENERATOR_OPTIMIZER = {
  optimizer: { name: 'adam', options: { beta1: 0.5 } },
  learningRate: 0.001,
  weightDecay: 0,
  schedule: { kind: 'constant' },
} as const;

/** Every choice of the game. Where a default is not published it is ours, tuned on Fashion-MNIST with a LeNet-5 student. */
export const dataFreeSchema = withDeprecatedNames(
  z.strictObject({
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
    generatorTerms: partList(['class-balance', 'confidence', 'activation']).describe(
      'further terms that the generator minimizes (the default is DAFL with its weights)',
    ),
    gameWeight: z
      .number()
      .nonnegative()
      .default(1)
      .describe('weight of the discrepancy in the loss of the generator'),
    memory: part('replay').describe('memory of generated images that the student is shown'),
    studentTerm: part({ name: 'l1', centered: true }).describe(
      'data term that the student minimizes: distance of its logits to the teacher on the images that it is shown',
    ),
    studentSteps: z
      .number()
      .int()
      .positive()
      .default(5)
      .describe('updates of the student per update of the generator (5 in DFAD)'),
  }),
  {},
);

export type DataFreeOptions = z.infer<typeof dataFreeSchema>;

/** What a control leaves out of the game. */
export interface DataFreeVariant {
  readonly name: string;
  /** The generator in place of the chosen one. */
  readonly generator?: string;
  /** A generator that is never trained. */
  readonly frozen?: boolean;
  /** The generator minimizes its terms alone. */
  readonly noGame?: boolean;
}

/**
 * Data-free adversarial distillation (DFAD, Fang 2019, arXiv 1912.11006): min over f_s, max over G of
 * E_z D(f_t(G(z)), f_s(G(z))) through the frozen teacher f_t; no image and no label is read.
 *
 * From the paper: the game, five updates of the student per update of the generator, and log(1 + L1) from its code. From
 * DAFL (Chen 2019, arXiv 1904.01186): the terms of class balance, confidence and activation. Ours: a memory of 150 batches,
 * and a bounded range of pixels, without which the teacher's logits grew far beyond those of real images. One step is one
 * update of the student; the generator's comes before every `studentSteps`-th.
 */
export class DataFreeMethod extends Method {
  readonly name: string;
  readonly labels = 'never';
  readonly needsTeacher = true;

  constructor(
    readonly options: DataFreeOptions,
    readonly parts: Parts,
    readonly variant: DataFreeVariant = { name: 'data-free' },
  ) {
    super();
    this.name = variant.name;
  }

  stages(environment: MethodEnvironment): readonly Stage[] {
    return [
      gameStage(this.name, this.options, this.parts, environment, { variant: this.variant, imageShare: 0 }),
    ];
  }
}

/** How a stage of the game differs from the plain one. */
interface GameStageOptions {
  readonly variant: DataFreeVariant;
  /** Share of the images of the data in what the student is shown. */
  readonly imageShare: number;
}

/** A stage in which generator and student play. */
function gameStage(
  name: string,
  options: DataFreeOptions,
  parts: Parts,
  environment: MethodEnvironment,
  { variant, imageShare }: GameStageOptions,
): Stage {
  const { optimizers, input } = environment;
  const generatorConfig = optimizerConfigSchema.parse({
    ...GENERATOR_OPTIMIZER,
    ...options.generatorOptimizer,
  });
  const rates = {
    student: learningRateOf(options.optimizer, optimizers),
    generator: learningRateOf(generatorConfig, optimizers),
  };
  const setup = setupOf(name, options, parts, environment, variant, {
    student: createOptimizer(options.optimizer, optimizers),
    generator: createOptimizer(generatorConfig, optimizers),
  });
  const teacherOutputs = environment.teacher!.outputs;
  return {
    name: 'game',
    teacherOutputs: imageShare === 0 ? [] : ['logits', ...(setup.dataTerm.teacherOutputs ?? [])],
    usesLabels: false,
    imageShare,
    appliesTeacher: true,
    divisible: false,
    step: dataFreeStep(setup),
    init: (rng, previous, teacher) => ({
      ...initStudent(environment, setup.optimizers.student, rng, previous),
      ...initDataFreeState(setup, { input, teacherOutputs }, rng, teacher),
    }),
    next: (progress) => ({
      phases:
        progress.step % options.studentSteps === 0
          ? [dataFreePhases.generator, dataFreePhases.student]
          : [dataFreePhases.student],
      hyper: {
        'student/learningRate': rates.student(progress),
        'generator/learningRate': rates.generator(progress),
        progress: progressShare(progress),
        game: variant.noGame === true ? 0 : options.gameWeight,
        lambda: 1,
      },
    }),
    student: studentVariables,
    generated: generatedImages,
  };
}

function setupOf(
  name: string,
  options: DataFreeOptions,
  parts: Parts,
  environment: MethodEnvironment,
  variant: DataFreeVariant,
  optimizers: DataFreeSetup['optimizers'],
): DataFreeSetup {
  const { student, task, input, normalization, batchSize = 64 } = environment;
  const chosen =
    variant.generator === undefined ? options.generator : { name: variant.generator, options: {} };
  return {
    student,
    teacher: requireNetwork(name, environment),
    ...(task && { task }),
    generator: parts.generator(chosen.name, chosen.options, {
      image: input,
      ...(normalization !== undefined && { normalization }),
    }),
    dataTerm: parts.dataTerm(options.studentTerm.name, options.studentTerm.options),
    discrepancy: parts.discrepancy(options.discrepancy.name, options.discrepancy.options),
    terms: options.generatorTerms.map((term) => parts.generatorTerm(term.name, term.options)),
    memory: parts.memory(options.memory.name, options.memory.options),
    batchSize,
    frozen: variant.frozen === true,
    optimizers,
  };
}

const control =
  (variant: DataFreeVariant) =>
  (options: DataFreeOptions, parts: Parts): DataFreeMethod =>
    new DataFreeMethod(options, parts, variant);

/** What the game is compared with; everything else is as in `DataFreeMethod`. */
export const dataFreeControls = {
  /** A generator that minimizes its terms alone, as in DAFL (Chen 2019). */
  noGame: control({ name: 'data-free-no-game', noGame: true }),
  /** Images of noise. */
  noise: control({ name: 'data-free-noise', generator: 'noise', frozen: true }),
  /** A generator with its random initial weights, whose batch norm gives images of some variety. */
  untrained: control({ name: 'data-free-untrained', frozen: true }),
};

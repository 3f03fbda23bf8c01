import {
  AncError,
  createOptimizer,
  dataFreePhases,
  dataFreeStep,
  generatedImages,
  initDataFreeState,
  learningRateOf,
  optimizerConfigSchema,
  type DataFreeSetup,
  type MethodEnvironment,
  type OptimizerConfig,
  type Parts,
  type Stage,
} from '@anc/core';
import type { NamedPart } from '../options/index.js';
import { initStudent, studentVariables } from './initial-state.js';
import { requireNetwork } from './teacher-network.js';
import { progressShare } from './term-stage.js';

/** How the generator is optimized, where its options say nothing else: DCGAN's Adam (Radford 2016) at a rate of 0.001. */
const GENERATOR_OPTIMIZER = {
  optimizer: { name: 'adam', options: { beta1: 0.5 } },
  learningRate: 0.001,
  weightDecay: 0,
  schedule: { kind: 'constant' },
} as const;

/** What a stage with a generator is made of: the options of `data-free`. */
export interface GeneratorOptions {
  /** How the student is optimized. */
  readonly optimizer: OptimizerConfig;
  /** What differs from that of the generator: Adam with β1 = 0.5 at a constant rate of 0.001. */
  readonly generatorOptimizer?: object | undefined;
  /** The network that makes images from noise. */
  readonly generator: NamedPart;
  /** What the generator maximizes. */
  readonly discrepancy: NamedPart;
  /** Further terms that it minimizes. */
  readonly generatorTerms: readonly NamedPart[];
  /** Weight of the discrepancy. */
  readonly discrepancyWeight: number;
  /** Memory of generated images. */
  readonly memory: NamedPart;
  /** Whether the student is shown averages of pairs of generated images. */
  readonly mixup: boolean;
  /** Data term that the student minimizes. */
  readonly studentTerm: NamedPart;
  /** Updates of the student per update of the generator. */
  readonly studentSteps: number;
}

/** How a stage with a generator differs from that of `data-free`. */
export interface GeneratorVariant {
  /** Name of the method. */
  readonly name: string;
  /** The generator in place of the chosen one. */
  readonly generator?: string;
  /** A generator that is never trained. */
  readonly frozen?: boolean;
  /** The generator minimizes its terms alone. */
  readonly nonAdversarial?: boolean;
  /** Share of the images of the data in what the student is shown; none by default. */
  readonly imageShare?: number;
}

/**
 * A stage in which a generator and the student are trained against each other: one step is one update of the student, and
 * the generator's comes before every `studentSteps`-th.
 */
export function generatorStage(
  options: GeneratorOptions,
  variant: GeneratorVariant,
  parts: Parts,
  environment: MethodEnvironment,
): Stage {
  const { optimizers, input } = environment;
  const { imageShare = 0 } = variant;
  const generatorConfig = optimizerConfigSchema.parse({
    ...GENERATOR_OPTIMIZER,
    ...options.generatorOptimizer,
  });
  const rates = {
    student: learningRateOf(options.optimizer, optimizers),
    generator: learningRateOf(generatorConfig, optimizers),
  };
  const setup = setupOf(options, variant, parts, environment, {
    student: createOptimizer(options.optimizer, optimizers),
    generator: createOptimizer(generatorConfig, optimizers),
  });
  const teacherOutputs = environment.teacher!.outputs;
  const { discrepancyWeight, studentSteps } = options;
  return {
    name: 'generator',
    teacherOutputs:
      imageShare === 0 ? [] : [...new Set(['logits', ...(setup.dataTerm.teacherOutputs ?? [])])],
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
        progress.step % studentSteps === 0
          ? [dataFreePhases.generator, dataFreePhases.student]
          : [dataFreePhases.student],
      hyper: {
        'student/learningRate': rates.student(progress),
        'generator/learningRate': rates.generator(progress),
        progress: progressShare(progress),
        discrepancy: variant.nonAdversarial === true ? 0 : discrepancyWeight,
        lambda: 1,
      },
    }),
    student: studentVariables,
    generated: generatedImages,
  };
}

function setupOf(
  options: GeneratorOptions,
  variant: GeneratorVariant,
  parts: Parts,
  environment: MethodEnvironment,
  optimizers: DataFreeSetup['optimizers'],
): DataFreeSetup {
  const { student, task, input, normalization, batchSize = 64 } = environment;
  requirePair(variant.name, batchSize);
  const chosen =
    variant.generator === undefined ? options.generator : { name: variant.generator, options: {} };
  return {
    student,
    teacher: requireNetwork(variant.name, environment),
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
    ...(options.mixup && { mixup: true }),
    optimizers,
  };
}

/** Throws `ANC_CONFIG` for batches of one image: the generator's terms and its batch norm compare the images of a batch. */
function requirePair(method: string, batchSize: number): void {
  if (batchSize >= 2) return;
  throw new AncError('ANC_CONFIG', `method "${method}" needs batches of several images.`, {
    expected: 'a batch of at least 2 images; 64 or more are better',
    received: `${batchSize}`,
    hint: 'raise --batch-size: the terms of the generator are about a batch as a whole.',
  });
}

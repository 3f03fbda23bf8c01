import {
  AncError,
  createOptimizer,
  dataFreePhases,
  dataFreeStep,
  generatedImages,
  initDataFreeState,
  learningRateOf,
  optimizerConfigSchema,
  Rng,
  type ClassifierOutputs,
  type DataFreeSetup,
  type MethodEnvironment,
  type Network,
  type OptimizerConfig,
  type Parts,
  type RowRange,
  type Stage,
} from '@anc/core';
import { imageRows, rowRange } from '@anc/core/internal';
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
  /** Further terms that it minimizes; default: see `defaultTerms`. */
  readonly generatorTerms?: readonly NamedPart[] | undefined;
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
  const rows = rowsOnRank(imageShare, environment);
  const { discrepancyWeight, studentSteps } = options;
  return {
    name: 'generator',
    teacherOutputs:
      imageShare === 0 ? [] : [...new Set(['logits', ...(setup.dataTerm.teacherOutputs ?? [])])],
    usesLabels: false,
    imageShare,
    appliesTeacher: true,
    divisible: false,
    ...(rows !== null && { rows: rows.student }),
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
  const rows = rowsOnRank(variant.imageShare ?? 0, environment);
  const teacher = requireNetwork(variant.name, environment);
  const terms = options.generatorTerms ?? defaultTerms(teacher, input);
  const chosen =
    variant.generator === undefined ? options.generator : { name: variant.generator, options: {} };
  return {
    student,
    teacher,
    ...(task && { task }),
    generator: parts.generator(chosen.name, chosen.options, {
      image: input,
      ...(normalization !== undefined && { normalization }),
    }),
    dataTerm: parts.dataTerm(options.studentTerm.name, options.studentTerm.options),
    discrepancy: parts.discrepancy(options.discrepancy.name, options.discrepancy.options),
    terms: terms.map((term) => parts.generatorTerm(term.name, term.options)),
    memory: parts.memory(options.memory.name, options.memory.options),
    batchSize,
    ...(rows !== null && { shown: rows.generated }),
    frozen: variant.frozen === true,
    ...(options.mixup && { mixup: true }),
    optimizers,
  };
}

/**
 * The terms of DAFL and, where the teacher keeps statistics of batch norm, that of DeepInversion: with a small teacher of
 * Fashion-MNIST it lowers the error of a LeNet-5 from 35.5 to 22.1 % (docs/results.md).
 */
function defaultTerms(teacher: Network<ClassifierOutputs>, input: readonly number[]): readonly NamedPart[] {
  const { stats } = teacher.init(Rng.still(), input);
  const names = ['class-balance', 'confidence', 'activation'];
  if (Object.keys(stats).length > 0) names.push('batch-norm');
  return names.map((name) => ({ name, options: {} }));
}

/**
 * The rows on which a rank trains the student, counted over all ranks, and the generated ones among them; null where a process
 * is alone.
 *
 * @throws `ANC_CONFIG` where there is no generated image for a rank.
 */
function rowsOnRank(
  imageShare: number,
  { rank: place, batchSize = 64 }: MethodEnvironment,
): { readonly student: RowRange; readonly generated: NonNullable<DataFreeSetup['shown']> } | null {
  if (place === undefined) return null;
  const { rank, ranks } = place;
  const given = imageRows({ imageShare }, batchSize);
  const all = batchSize - given;
  if (all < ranks) {
    throw new AncError('ANC_CONFIG', 'there are more ranks than generated images in a batch.', {
      expected: `at least ${ranks} generated images`,
      received: `${all} in a batch of ${batchSize}`,
      hint: 'use larger batches or fewer ranks: the batch size is that of all ranks together.',
    });
  }
  const [images, own] = [rowRange(given, ranks, rank), rowRange(all, ranks, rank)];
  return {
    student: { start: images.start + own.start, count: images.count + own.count },
    generated: { all, own },
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

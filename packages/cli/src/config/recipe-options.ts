import { optimizerConfigSchema } from '@anc/core';
import { datasetFacts, factsOf } from '@anc/datasets/facts';
import type { Preset } from '@anc/methods';
import type { ConfigInput } from './schema.js';

/** How a recipe trains, as a run's options. */
export function trainingOf({ methods, epochs, batchSize, augmentation, recipe }: Omit<Preset, 'objective'>) {
  const { optimizer, learningRate, momentum, weightDecay, schedule } = optimizerConfigSchema.parse(recipe);
  return {
    methods: [...methods],
    epochs,
    batchSize,
    ...augmentation,
    optimizer,
    learningRate,
    momentum,
    weightDecay,
    schedule: schedule.kind,
    warmup: schedule.warmup ?? 0,
    ...(schedule.kind === 'step'
      ? { milestones: schedule.milestones, milestoneUnit: schedule.unit, decayFactor: schedule.factor }
      : {}),
  } as const satisfies ConfigInput;
}

/**
 * A recipe's objective as a run's options. What the run has an option of its own for is said there, so that
 * who says that option replaces it.
 */
export function objectiveOf({
  input,
  dataTerm,
  discriminatorRecipe,
  ...same
}: Preset['objective']): ConfigInput {
  const { name, ...shared } = typeof dataTerm === 'object' ? dataTerm : { name: dataTerm };
  const { learningRate, optimizer } = discriminatorRecipe ?? {};
  const options = { ...same, ...shared, dataTerm: name, discriminatorInput: input };
  const differing = { discriminatorLearningRate: learningRate, discriminatorOptimizer: optimizer };
  return Object.fromEntries(
    Object.entries({ ...options, ...differing }).filter(([, value]) => value !== undefined),
  );
}

/** Training images of a dataset; of generated ones as many as MNIST has, of unknown ones as many as CIFAR has. */
const imagesOf = (dataset: string): number =>
  factsOf(dataset === 'glyphs' ? 'mnist' : dataset)?.trainingImages ?? datasetFacts.cifar10.trainingImages;

/** A step schedule's iterations as shares of the whole recipe: what a shorter training keeps. */
export function sharesOf({ recipe, epochs, batchSize }: Preset, dataset: string): ConfigInput {
  const { schedule } = optimizerConfigSchema.parse(recipe);
  if (schedule.kind !== 'step' || schedule.unit === 'share') return {};
  const total = epochs * Math.ceil(imagesOf(dataset) / batchSize);
  return {
    milestones: schedule.milestones.map((iterations) => iterations / total),
    milestoneUnit: 'share',
  };
}

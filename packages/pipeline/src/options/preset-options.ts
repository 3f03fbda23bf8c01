import { optimizerConfigSchema, type Schedule } from '@anc/core';
import { stepScheduleSchema } from '@anc/core/internal';
import { datasetFacts, factsOf } from '@anc/datasets/facts';
import type { Preset } from '@anc/methods';
import type { RunOptionsInput } from './run-options.js';

/** How a preset trains, as a run's options. */
export function trainingOf({
  methods,
  epochs,
  batchSize,
  augmentation,
  optimizer: own,
}: Omit<Preset, 'objective'>) {
  const { optimizer, learningRate, momentum, weightDecay, decayMode, decayScope, schedule } =
    optimizerConfigSchema.parse(own);
  return {
    methods: [...methods],
    data: { ...augmentation },
    training: {
      epochs,
      batchSize,
      optimizer,
      learningRate,
      momentum,
      weightDecay,
      decayMode,
      decayScope,
      schedule: schedule.kind,
      warmup: schedule.warmup ?? 0,
      ...stepOptionsOf(schedule),
    },
  } as const satisfies RunOptionsInput;
}

/** The options of a step schedule under the run's names; none of another schedule. */
function stepOptionsOf(schedule: Schedule): RunOptionsInput['training'] {
  const step = stepScheduleOf(schedule);
  if (step === null) return {};
  return { milestones: step.milestones, milestoneUnit: step.unit, decayFactor: step.factor };
}

function stepScheduleOf({ kind, warmup: _warmup, ...options }: Schedule) {
  return kind === 'step' ? stepScheduleSchema.parse(options) : null;
}

/**
 * A preset's objective as a run's options. Options that the run has a name for are set under that name, so that a
 * caller who sets them replaces the preset's.
 */
export function objectiveOf({
  input,
  dataTerm,
  discriminatorOptimizer,
  ...same
}: Preset['objective']): RunOptionsInput['objective'] {
  const { name, ...shared } = typeof dataTerm === 'object' ? dataTerm : { name: dataTerm };
  const { learningRate, optimizer } = discriminatorOptimizer ?? {};
  const options = { ...same, ...shared, dataTerm: name, discriminatorInput: input };
  const differing = { discriminatorLearningRate: learningRate, discriminatorOptimizer: optimizer };
  return Object.fromEntries(
    Object.entries({ ...options, ...differing }).filter(([, value]) => value !== undefined),
  );
}

/** Training images of a dataset; of generated ones as many as MNIST has, of unknown ones as many as CIFAR has. */
const imagesOf = (dataset: string): number =>
  factsOf(dataset === 'glyphs' ? 'mnist' : dataset)?.trainingImages ?? datasetFacts.cifar10.trainingImages;

/** A step schedule's iterations as shares of the preset's training: what a shorter training keeps. */
export function sharesOf(
  { optimizer, epochs, batchSize }: Preset,
  dataset: string,
): RunOptionsInput['training'] {
  const step = stepScheduleOf(optimizerConfigSchema.parse(optimizer).schedule);
  if (step === null || step.unit === 'share') return {};
  const total = epochs * Math.ceil(imagesOf(dataset) / batchSize);
  return {
    milestones: step.milestones.map((iterations) => iterations / total),
    milestoneUnit: 'share',
  };
}

import type { BatchSource, LabeledBatch, Stage } from '@anc/core';
import { emptyBatches, imageRows } from '@anc/core/internal';
import { imageBatches, labeledBatches, type DividedBatches } from '../data/training-data.js';
import type { PlannedModel } from '../planning/plan.js';
import type { TrainContext } from './train-context.js';

/** Steps of an epoch without images, where nothing else is said. */
const STEPS_PER_EPOCH = 100;

/** Steps of an epoch of a student's stage. */
export function epochOf(
  stage: Stage,
  { data, batchSize, stepsPerEpoch }: Pick<TrainContext, 'data' | 'batchSize' | 'stepsPerEpoch'>,
): number {
  const { count } = data.train.images;
  if (stepsPerEpoch !== undefined) return stepsPerEpoch;
  if (count === 0) return STEPS_PER_EPOCH;
  return Math.max(1, Math.floor(count / (stage.imageShare === 0 ? batchSize : imageRows(stage, batchSize))));
}

/** `rankOf`: left out where a stage makes its images. */
type StageBatches = (BatchSource | BatchSource<LabeledBatch>) & Partial<Pick<DividedBatches, 'rankOf'>>;

/** The batches of a stage: images of the data with or without labels, or none where the stage makes them. */
export async function batchesOf(
  stage: Stage,
  model: PlannedModel,
  context: Pick<TrainContext, 'data' | 'batchSize' | 'stepsPerEpoch' | 'seed' | 'ranks'>,
): Promise<StageBatches> {
  const { data, seed } = context;
  const { images } = data.train;
  const isStudent = model.name !== 'teacher';
  const stepsPerEpoch = isStudent ? context.stepsPerEpoch : undefined;
  if (stage.imageShare === 0)
    return emptyBatches(epochOf(stage, { ...context, stepsPerEpoch }), images.shape);
  const order = {
    batchSize: imageRows(stage, context.batchSize),
    ...(stepsPerEpoch !== undefined && { stepsPerEpoch }),
    seed,
    ...(context.ranks !== undefined && { rank: context.ranks }),
  };
  const { augmentation } = data;
  if (!stage.usesLabels) return imageBatches(images, { ...order, augmentation });
  const unmixed = augmentation.mixing.length > 0 ? augmentation.withoutMixing() : augmentation;
  return labeledBatches(data.train, { ...order, augmentation: unmixed }, `"${model.name}"`);
}

import {
  AncError,
  targetsOf,
  type BatchSource,
  type Dataset,
  type DatasetSplit,
  type ImageBatch,
  type ImageSource,
  type ImageViews,
  type LabeledBatch,
  type Normalization,
  type Rank,
  type TargetSource,
} from '@anc/core';
import { AugmentedImages, holdOut, limitSplit, measureMeanImage, measureNormalization } from '@anc/datasets';
import { LabeledLoader, Loader } from '@anc/runtime';
import type { DataOptions } from '../options/run-options.js';
import { augmentedImages, type AugmentationPlan } from './augmentations.js';
import { hasImages, labelsAreUnused, validationOf } from './dataset-facts.js';
import { probeSplit } from './probe-split.js';

/** What training may see of a dataset: what trains, what is held out; and how they are shown. */
export interface TrainingData {
  readonly dataset: Dataset;
  readonly train: DatasetSplit;
  readonly held: DatasetSplit | null;
  /** Whether the dataset has these itself; else they are a share of its training images. */
  readonly ownValidation: boolean;
  readonly normalization: Normalization;
  /** The training images as they are shown; to training that reads labels, without mixing. */
  readonly augmentation: AugmentedImages;
}

/** A run's images: those, and what is tested on. */
export interface RunData extends TrainingData {
  readonly test: DatasetSplit;
}

/** What decides about images beside the data options. */
export interface BatchOptions {
  readonly batchSize: number;
  /** Random seed of the run; `data.seed` replaces it where images are chosen. */
  readonly seed: number;
  readonly augmentation: AugmentationPlan;
  /** Whether batches go on over several passes, so that there may be fewer images than one has. */
  readonly repeats?: boolean;
  /** Normalization where there are no images to measure; of a given teacher. */
  readonly normalization?: Normalization | null;
}

/** Opens the splits of a run. Throws `ANC_DATA_*` and `ANC_LABELS`. */
export async function openData(
  dataset: Dataset,
  options: DataOptions,
  batches: BatchOptions,
): Promise<RunData> {
  const training = await openTrainingData(dataset, options, batches);
  const seed = options.seed ?? batches.seed;
  const split = await dataset.split('test');
  await probeSplit(dataset, split, 'test');
  const test = limited(split, options.limitTest, seed);
  await targetsOf(test)?.(); // a damaged labels file is an error now, before anything is written
  return { ...training, test };
}

const limited = (split: DatasetSplit, limit: number | null, seed: number): DatasetSplit =>
  limit === null ? split : limitSplit(split, limit, seed);

/** The same without the test images, which are not opened: for code that still makes choices. */
export async function openTrainingData(
  dataset: Dataset,
  options: DataOptions,
  batches: BatchOptions,
): Promise<TrainingData> {
  const { limitTrain, validation, stratify } = options;
  const seed = options.seed ?? batches.seed;
  const split = await dataset.split('train');
  await probeSplit(dataset, split, 'train');
  const all = limited(split, limitTrain, seed);
  if (validation > 0 && all.images.count === 0) {
    throw new AncError('ANC_DATA_NONE', 'there are no images of which a share could be held out.', {
      expected: 'a dataset with images',
      received: `a validation share of ${validation} and --dataset ${dataset.name}`,
      hint: 'leave --validation off, or name a dataset.',
    });
  }
  if (stratify === true) requireClassLabels(all, 'a stratified split');
  const own = await ownValidation(dataset, all);
  const { train, held } =
    own !== null
      ? { train: all, held: limited(own, options.limitTest, seed) }
      : validation > 0
        ? await holdOut(all, validation, seed, { stratified: stratify === true })
        : { train: all, held: null };
  await targetsOf(all)?.(); // the same; training without labels never sees them
  if (hasImages(dataset) && batches.repeats !== true && train.images.count < batches.batchSize) {
    throw new AncError('ANC_DATA_TOO_FEW', 'there are fewer training images than one batch.', {
      expected: `at least ${batches.batchSize} images`,
      received: `${train.images.count}`,
      hint: 'use a smaller --batch-size or more images, or --steps-per-epoch, which repeats them.',
    });
  }
  return {
    dataset,
    train,
    held,
    ownValidation: own !== null,
    normalization:
      train.images.count === 0
        ? (batches.normalization ?? UNMEASURED)
        : await normalizationOf(options, train.images),
    augmentation: augmentedImages(train.images, batches.augmentation, batches.seed),
  };
}

/**
 * The dataset's own images for choices during training. Without labels they choose nothing where training has them.
 */
async function ownValidation(dataset: Dataset, train: DatasetSplit): Promise<DatasetSplit | null> {
  const own = await validationOf(dataset);
  return own === null || (targetsOf(train) !== null && targetsOf(own) === null) ? null : own;
}

/** Pixels in about -2 to 2, where there is nothing to measure and no teacher that says. */
const UNMEASURED: Normalization = { mean: [127.5], std: [63.75] };

/** Statistics of the training images alone. */
async function normalizationOf({ normalization }: DataOptions, images: ImageSource): Promise<Normalization> {
  if (normalization === 'image') return 'per-image';
  return normalization === 'pixel' ? await measureMeanImage(images) : await measureNormalization(images);
}

interface Order {
  readonly batchSize: number;
  /** Batches of an epoch, over several passes where need be; default: one pass. */
  readonly stepsPerEpoch?: number;
  readonly seed: number;
  readonly augmentation: ImageViews;
  /** Gives the rows of a rank; default: all. */
  readonly rank?: Rank;
}

/** Batches that ranks have their rows of. */
export interface DividedBatches<B extends ImageBatch = ImageBatch> extends BatchSource<B> {
  /** Which rank prepares an image in a view in an epoch; see `Loader.rankOf`. */
  rankOf(epoch: number): (image: number, view: number) => number;
}

/** Batches of images and nothing else: what label-free training is given. */
export function imageBatches(
  images: ImageSource,
  { batchSize, stepsPerEpoch, seed, augmentation, rank }: Order,
): DividedBatches {
  const loader = new Loader(images, {
    batch: batchSize,
    batchesPerEpoch: stepsPerEpoch,
    seed,
    augmentation,
    ...(rank !== undefined && { rank }),
  });
  return {
    stepsPerEpoch: loader.batchesPerEpoch,
    shape: images.shape,
    offset: loader.rows.start,
    epoch: (epoch, from) => loader.epoch(epoch, from),
    rankOf: (epoch) => loader.rankOf(epoch),
  };
}

/**
 * The same batches with labels, for whoever declares that it uses them; without augmentation where targets have a shape.
 * Throws `ANC_LABELS` where there are none.
 */
export async function labeledBatches(
  split: DatasetSplit,
  { batchSize, stepsPerEpoch, seed, augmentation, rank }: Order,
  who: string,
): Promise<DividedBatches<LabeledBatch>> {
  const targets = await requireLabels(split, who)();
  const loader = new LabeledLoader(split.images, targets, {
    batch: batchSize,
    batchesPerEpoch: stepsPerEpoch,
    seed,
    ...(rank !== undefined && { rank }),
    // Crops and flips move the pixels of an image and not those of its mask.
    augmentation: targets.shape.length > 0 ? new AugmentedImages(split.images) : augmentation,
  });
  return {
    stepsPerEpoch: loader.batchesPerEpoch,
    shape: split.images.shape,
    offset: loader.rows.start,
    epoch: (epoch, from) => loader.epoch(epoch, from),
    rankOf: (epoch) => loader.rankOf(epoch),
  };
}

/**
 * The targets of a split, to be opened. Throws `ANC_LABELS` where the data has none, or with `dataset` none of the given
 * teacher's classes.
 */
export function requireLabels(
  split: DatasetSplit,
  who: string,
  dataset?: Dataset,
): () => Promise<TargetSource> {
  const targets = targetsOf(split);
  if (targets !== null) return targets;
  const others = 'choose methods that need none, such as adversarial, kd or l2';
  if (dataset !== undefined && labelsAreUnused(dataset)) {
    throw new AncError('ANC_LABELS', `${who} needs labels, and those of the data are not used.`, {
      expected: 'labels that are classes of the given teacher',
      received: 'labels of other classes',
      hint: `${others}, or give images whose classes are the teacher's.`,
    });
  }
  throw new AncError('ANC_LABELS', `${who} needs labels and the data has none.`, {
    hint: `${others}.`,
  });
}

/** Throws `ANC_LABELS` where the images have no class each. */
function requireClassLabels(split: DatasetSplit, who: string): void {
  requireLabels(split, who);
  if (split.labels !== null) return;
  throw new AncError(
    'ANC_LABELS',
    `${who} needs one class per image, and the data has targets of another shape.`,
    {
      hint: 'leave --stratify off.',
    },
  );
}

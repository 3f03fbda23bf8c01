import type { Dataset } from '@anc/core';
import { factsOf } from '@anc/datasets/facts';
import { hasImages, taskNameOf } from '../data/dataset-facts.js';
import { isEndpoint } from '../endpoint/endpoint-options.js';
import { TEACHER_VALUE } from '../options/given-model.js';
import {
  amountFor,
  changesOf,
  type ImageChanges,
  type TrainingAmount,
} from '../options/given-teacher-preset.js';
import type { OptionPath, RunOptions } from '../options/run-options.js';
import { formatCount } from '../text/format.js';
import { describeNamed } from '../text/named.js';

const CHANGES = ['data.augment', 'data.crop', 'data.flip', 'data.mixup'];
const AMOUNTS = ['training.epochs', 'training.stepsPerEpoch', 'training.time'];

/**
 * The options with what the preset `given-teacher` makes of the number of training images, where the caller did not say:
 * how long students are trained, and how images are changed. Both give a notice. A teacher behind an address or a function
 * is asked for every image once, so its images are not changed. A record has all of it.
 */
export async function withSuitedTraining(
  options: RunOptions,
  given: readonly OptionPath[],
  dataset: Dataset,
  notice: (text: string) => void,
): Promise<RunOptions> {
  const { data, training, teacher, student, preset } = options;
  const isNew = given.length > 0 && student.continues === undefined;
  if (preset !== 'given-teacher' || !isNew || !hasImages(dataset)) return options;
  const set = new Set(given.map((path) => path.join('.')));
  const isOpen = (paths: readonly string[]): boolean => !paths.some((path) => set.has(path));
  const isAsked = isEndpoint(teacher.model) || teacher.model.name === TEACHER_VALUE;
  const mayChange =
    isOpen(CHANGES) && data.augment === undefined && !isAsked && taskNameOf(dataset) === 'classification';
  const mayLast = isOpen(AMOUNTS) && training.stepsPerEpoch === undefined;
  if (!mayChange && !mayLast) return options;
  const count = await trainingImages(options, dataset);
  const own = mayChange ? changesOf(count) : null;
  const changes = own === null ? null : { ...own, views: data.views ?? own.views };
  const amount = mayLast ? amountFor(count, training.batchSize) : null;
  const words = [
    ...(amount === null ? [] : [lengthOf(amount)]),
    ...(changes === null ? [] : [viewsOf(changes)]),
  ];
  if (words.length > 0) {
    notice(
      `for ${formatCount(count)} training images: ${words.join('; ')}. Others by --epochs, --augment and --views, or --preset quick.`,
    );
  }
  return {
    ...options,
    data: changes === null ? data : { ...data, augment: [...changes.augment], views: changes.views },
    training: { ...training, ...amount },
  };
}

const lengthOf = ({ epochs, stepsPerEpoch }: TrainingAmount): string =>
  `${epochs} epochs${stepsPerEpoch === undefined ? '' : ` of ${stepsPerEpoch} updates`}`;

const viewsOf = ({ augment, views }: ImageChanges): string =>
  `${views} views of each under ${augment.map(describeNamed).join(', ')}`;

/** Number of the images that students learn from, before any is read where a published number says it. */
async function trainingImages({ data }: RunOptions, dataset: Dataset): Promise<number> {
  const { limitTrain, validation, transferDataset = data.dataset } = data;
  const all = factsOf(transferDataset.name)?.trainingImages ?? (await dataset.split('train')).images.count;
  return Math.round(Math.min(all, limitTrain ?? all) * (1 - validation));
}

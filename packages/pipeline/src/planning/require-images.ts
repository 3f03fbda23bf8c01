import { AncError, type Stage } from '@anc/core';
import type { TrainingData } from '../data/training-data.js';
import { hasImages } from '../data/dataset-facts.js';

/** Throws `ANC_DATA_NONE` where a method shows images and there are none. */
export function requireImages(method: string, stages: readonly Stage[], { dataset }: TrainingData): void {
  if (hasImages(dataset) || stages.every(({ imageShare }) => imageShare === 0)) return;
  throw new AncError('ANC_DATA_NONE', `method "${method}" is trained on images, and there are none.`, {
    expected: 'a method that makes its images, such as data-free',
    received: `--dataset ${dataset.name}`,
    hint: 'name a dataset or a folder of images with --dataset, or use --methods data-free.',
  });
}

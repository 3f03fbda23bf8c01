import { AncError, type DatasetSplit } from '@anc/core';

/**
 * The test images of a dataset, for who measures on them.
 *
 * @throws `ANC_DATA_NONE` where there are none.
 */
export function requireTestImages(split: DatasetSplit, dataset: string): DatasetSplit {
  if (split.images.count > 0) return split;
  throw noTestImages(dataset);
}

/** The error for who measures on a dataset without test images. */
export const noTestImages = (dataset: string): AncError =>
  new AncError('ANC_DATA_NONE', 'there are no test images to measure on.', {
    expected: 'a dataset with test images',
    received: `--dataset ${dataset}`,
    hint: 'name the dataset to measure on with --dataset; data-free methods are trained on none of its images.',
  });

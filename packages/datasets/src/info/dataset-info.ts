import { isAncError, type Dataset, type SplitName } from '@anc/core';
import { measureNormalization } from '../images/normalization.js';

/** What there is to know of one split. */
export interface SplitInfo {
  readonly split: SplitName;
  readonly count: number;
  readonly fingerprint: string;
  /** Images per class, in the order of `classes`; null without labels. */
  readonly histogram: readonly number[] | null;
}

export interface DatasetInfo {
  readonly name: string;
  readonly shape: readonly [number, number, number];
  readonly classes: readonly string[];
  readonly splits: readonly SplitInfo[];
  /** Of the training images, per channel, 0..255; null where there are none. */
  readonly mean: readonly number[] | null;
  readonly std: readonly number[] | null;
}

/**
 * Counts, class histogram, channel statistics and fingerprints. A split that is not there is left out, unless both
 * are: then its `ANC_DATA_MISSING` is thrown. Reads labels: for looking at data, not for training.
 */
export async function describeDataset(
  dataset: Dataset,
  options: { readonly progress?: (what: string, done: number, count: number) => void } = {},
): Promise<DatasetInfo> {
  const { name, shape, classes } = dataset;
  const splits: SplitInfo[] = [];
  let statistics: { mean: readonly number[] | null; std: readonly number[] | null } = {
    mean: null,
    std: null,
  };
  let absent: unknown = null;
  for (const split of ['train', 'test'] as const) {
    const loaded = await dataset.split(split).catch((error: unknown) => {
      if (!isAncError(error) || error.code !== 'ANC_DATA_MISSING') throw error;
      absent = error;
      return null;
    });
    if (loaded === null) continue;
    const { images, labels } = loaded;
    let histogram: number[] | null = null;
    if (labels !== null) {
      histogram = new Array<number>(classes.length).fill(0);
      for (const label of await labels()) histogram[label]!++;
    }
    splits.push({ split, count: images.count, fingerprint: images.fingerprint, histogram });
    if (split === 'train') {
      const { progress } = options;
      statistics = await measureNormalization(images, (done) => progress?.('images', done, images.count));
    }
  }
  if (splits.length === 0) throw absent;
  return { name, shape, classes, splits, ...statistics };
}

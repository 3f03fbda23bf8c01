import { isAncError, type Dataset, type DatasetSplit, type SplitName } from '@anc/core';
import type { FolderInterpretation } from '../image-folder/interpret-folder.js';
import { measureNormalization } from '../images/normalization.js';

/** Facts about one split. */
export interface SplitInfo {
  /** Name of the split. */
  readonly split: SplitName | 'validation';
  /** Number of images. */
  readonly count: number;
  /** Hash of the content. */
  readonly fingerprint: string;
  /** Images per class, in the order of `classes`; null without labels. */
  readonly histogram: readonly number[] | null;
}

/** Facts about a dataset. */
export interface DatasetInfo {
  /** How its files were read, in sentences. */
  readonly notices: readonly string[];
  /** The same of a folder of images as data. */
  readonly interpretation?: FolderInterpretation;
  /** Name of the dataset. */
  readonly name: string;
  /** [H, W, C] of the images. */
  readonly shape: readonly [number, number, number];
  /** Names of the classes; empty without labels. */
  readonly classes: readonly string[];
  /** Facts about each split. */
  readonly splits: readonly SplitInfo[];
  /** Per channel of the training images, 0..255; null without training images. */
  readonly mean: readonly number[] | null;
  /** Standard deviation per channel of the training images, 0..255; null without training images. */
  readonly std: readonly number[] | null;
}

/**
 * Describes a dataset: counts, class histograms, channel statistics and fingerprints. A missing split is left out.
 * Reads labels: for inspection, not for training.
 *
 * @throws `ANC_DATA_MISSING` if both splits are missing.
 */
export async function describeDataset(
  dataset: Dataset,
  options: { readonly progress?: (what: string, done: number, count: number) => void } = {},
): Promise<DatasetInfo> {
  const { name, shape, classes, notices } = dataset;
  const { interpretation } = dataset as { interpretation?: FolderInterpretation };
  const splits: SplitInfo[] = [];
  let statistics: { mean: readonly number[] | null; std: readonly number[] | null } = {
    mean: null,
    std: null,
  };
  let absent: unknown = null;
  for (const split of ['train', 'validation', 'test'] as const) {
    const opened: Promise<DatasetSplit | null> =
      split === 'validation' ? dataset.validation() : dataset.split(split);
    const loaded = await opened.catch((error: unknown) => {
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
  const read = interpretation === undefined ? { notices } : { notices, interpretation };
  return { ...read, name, shape, classes, splits, ...statistics };
}

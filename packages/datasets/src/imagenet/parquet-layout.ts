import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { SplitName } from '@anc/core';
import { corrupt, missing } from '../files/data-error.js';
import { checkedLabels } from '../images/labels.js';
import { ParquetPictures } from '../parquet/parquet-images.js';
import { classIndex, type Layout } from './layout.js';

/** More classes than this are a damaged column. */
const MOST_CLASSES = 1 << 20;

const SHARDS: Readonly<Record<SplitName, RegExp>> = {
  train: /^train-.*\.parquet$/,
  test: /^(validation|val)-.*\.parquet$/,
};

/** `train-00000-of-00294.parquet`, … in a folder, or in `data/` below it. */
export async function parquetLayout(root: string): Promise<Layout | null> {
  for (const folder of [root, join(root, 'data')]) {
    const names = existsSync(folder) ? (await readdir(folder).catch(() => [])).sort() : [];
    const shardsOf = (split: SplitName): string[] =>
      names.filter((name) => SHARDS[split].test(name)).map((name) => join(folder, name));
    const splits = (['train', 'test'] as const).filter((split) => shardsOf(split).length > 0);
    if (splits.length === 0) continue;
    const synsets = await classIndex(root);
    const classes = synsets?.map(([, name]) => name) ?? (await classesOf(shardsOf(splits[0]!)));
    return {
      classes,
      async open(split) {
        const shards = shardsOf(split);
        if (shards.length === 0)
          throw missing('imagenet', [`${split === 'train' ? 'train' : 'validation'}-*.parquet`], [folder]);
        const pictures = await ParquetPictures.open(shards);
        return { pictures, labels: () => labelsOf(pictures) };
      },
    };
  }
  return null;
}

async function labelsOf(pictures: ParquetPictures): Promise<Int32Array> {
  const labels = await pictures.labels();
  if (labels !== null) return labels;
  throw corrupt(pictures.shards[0]!.path, 'no column of classes', 'one named label', 'none');
}

/** Classes by the names that the shards carry; without them as many as the labels need. */
async function classesOf(shards: readonly string[]): Promise<readonly string[]> {
  const pictures = await ParquetPictures.open(shards);
  if (pictures.classNames !== null) return pictures.classNames;
  const labels = await labelsOf(pictures);
  const most = labels.reduce((a, b) => Math.max(a, b), 0);
  checkedLabels(pictures.shards[0]!.path, labels, MOST_CLASSES);
  return Array.from({ length: most + 1 }, (_, i) => `${i}`);
}

import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { SplitName } from '@anc/core';
import { corrupt, missing } from '../files/data-error.js';
import { checkedLabels } from '../images/labels.js';
import { ParquetImages } from '../parquet/parquet-images.js';
import { classIndex, type Layout } from './layout.js';

/** A label column with more classes than this counts as damaged. */
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
        const encoded = await ParquetImages.open(shards);
        return { encoded, labels: () => labelsOf(encoded) };
      },
    };
  }
  return null;
}

async function labelsOf(encoded: ParquetImages): Promise<Int32Array> {
  const labels = await encoded.labels();
  if (labels !== null) return labels;
  throw corrupt(encoded.shards[0]!.path, 'no label column', 'one named label', 'none');
}

/** Class names of the shards; without them, numbers up to the largest label. */
async function classesOf(shards: readonly string[]): Promise<readonly string[]> {
  const encoded = await ParquetImages.open(shards);
  if (encoded.classNames !== null) return encoded.classNames;
  const labels = await labelsOf(encoded);
  const most = labels.reduce((a, b) => Math.max(a, b), 0);
  checkedLabels(encoded.shards[0]!.path, labels, MOST_CLASSES);
  return Array.from({ length: most + 1 }, (_, i) => `${i}`);
}

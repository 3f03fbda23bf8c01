import type { ImageSource } from '@anc/core';
import { viewsSheet } from '@anc/datasets';
import type { Composition } from '../composition/compose.js';
import { presets } from '../options/presets.js';
import { parseOptions } from '../options/resolve.js';
import type { DataOptions } from '../options/run-options.js';
import { describeNamed } from '../text/named.js';
import { augmentedImages, createAugmentations, entriesOf, namedAugmentations } from './augmentations.js';

/** Draws of each image, the plain one included. */
const COLUMNS = 10;

export interface AugmentedSheet {
  /** A PNG file: an image in each row, a draw in each column, the plain image first. */
  readonly png: Uint8Array;
  /** What was drawn, in words. */
  readonly augmentations: string;
}

/**
 * Samples of what training sees. Without a list: the crops and flips of the preset `modern` for the dataset. Throws
 * `ANC_CONFIG`, `ANC_UNKNOWN` and `ANC_OPTIONS`.
 */
export async function augmentedSheet(
  images: ImageSource,
  dataset: string,
  list: readonly string[] | null,
  composition: Composition,
): Promise<AugmentedSheet> {
  const usual = presets.modern(dataset).data;
  const given = list === null ? usual : { ...usual, crop: 0, flip: false, augment: [...list] };
  const parsed = parseOptions({ data: given }).data as DataOptions;
  const options = await namedAugmentations(parsed, composition);
  const plan = await createAugmentations(options, images.shape, composition);
  const all = augmentedImages(images, { ...plan, views: null }, 0);
  const columns = all.views === null || all.mixesInBatch ? COLUMNS : Math.min(COLUMNS, all.views);
  const shown = augmentedImages(images, { ...plan, views: columns }, 0);
  const entries = entriesOf(options).map(({ named }) => describeNamed(named));
  const words = plan.decodedCrops && images.crops !== undefined ? [images.crops.id] : entries;
  return {
    png: await viewsSheet(images, shown, shown.views ?? columns),
    augmentations: words.join(', ') || 'none',
  };
}

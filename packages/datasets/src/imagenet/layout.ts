import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SplitName } from '@anc/core';
import { z } from 'zod';
import { corrupt } from '../files/data-error.js';
import { assertRegularFile } from '../files/regular-file.js';
import type { EncodedImages } from '../image-folder/encoded-images.js';

/** A form of ImageNet's files in a folder. */
export interface Layout {
  /** In the order of the labels. */
  readonly classes: readonly string[];
  open(split: SplitName): Promise<{ encoded: EncodedImages; labels: () => Promise<Int32Array> }>;
}

/** A class: its synset (n01440764) and a readable name. */
export type Synset = readonly [synset: string, name: string];

const SYNSET = /^n\d{8}$/;
/** Class number -> [synset, name]. */
const indexSchema = z.record(z.string(), z.tuple([z.string().regex(SYNSET), z.string()]));

/**
 * The classes of `imagenet_class_index.json` in a folder, or null if there is no such file.
 *
 * @throws `ANC_DATA_CORRUPT`.
 */
export async function classIndex(folder: string): Promise<Synset[] | null> {
  const path = join(folder, 'imagenet_class_index.json');
  if (!existsSync(path)) return null;
  try {
    await assertRegularFile(path);
    const index = indexSchema.parse(JSON.parse(await readFile(path, 'utf8')));
    return Object.keys(index)
      .sort((a, b) => Number(a) - Number(b))
      .map((key) => index[key]!);
  } catch (cause) {
    throw corrupt(
      path,
      'not a class index',
      '{ "0": ["n01440764", "tench"], … }',
      cause instanceof Error ? cause.message : String(cause),
    );
  }
}

/**
 * Labels of images by the synsets with which their names begin.
 *
 * @throws `ANC_DATA_CORRUPT` for an image of another folder.
 */
export function labelsBySynset(encoded: EncodedImages, synsets: readonly Synset[]): Int32Array {
  const numbers = new Map(synsets.map(([synset], i) => [synset, i]));
  return Int32Array.from({ length: encoded.count }, (_, i) => {
    const name = encoded.name(i);
    const label = numbers.get(name.slice(0, Math.max(0, name.indexOf('/'))));
    if (label !== undefined) return label;
    throw corrupt(encoded.place(i), 'an image outside of the known class folders', '<wnid>/*.JPEG', name);
  });
}

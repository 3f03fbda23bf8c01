import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { SplitName } from '@anc/core';
import { missing } from '../files/data-error.js';
import { listImages } from '../image-folder/list-images.js';
import { FilePictures } from '../image-folder/encoded-images.js';
import { classIndex, labelsBySynset, type Layout, type Synset } from './layout.js';

const FOLDERS: Readonly<Record<SplitName, string>> = { train: 'train', test: 'val' };

/** `train/<wnid>/*.JPEG` and `val/<wnid>/*.JPEG`. */
export async function folderLayout(root: string): Promise<Layout | null> {
  const there = Object.values(FOLDERS).find(
    (name) => statSync(join(root, name), { throwIfNoEntry: false })?.isDirectory() === true,
  );
  if (there === undefined) return null;
  const synsets = (await classIndex(root)) ?? (await synsetsIn(join(root, there)));
  return {
    classes: synsets.map(([, name]) => name),
    async open(split) {
      const folder = join(root, FOLDERS[split]);
      const found = existsSync(folder) ? await listImages(folder) : [];
      if (found.length === 0) throw missing('imagenet', [`${FOLDERS[split]}/<wnid>/*.JPEG`], [root]);
      const pictures = new FilePictures(folder, found);
      const labels = labelsBySynset(pictures, synsets);
      return { pictures, labels: () => Promise.resolve(labels.slice()) };
    },
  };
}

async function synsetsIn(folder: string): Promise<Synset[]> {
  const names = new Set((await listImages(folder)).map(({ path }) => path.slice(0, path.indexOf('/'))));
  return [...names].sort().map((synset) => [synset, synset]);
}

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { corrupt, missing } from '../files/data-error.js';
import { TarPictures } from '../tar/tar-images.js';
import { DEVKIT, readDevkit, type Devkit } from './devkit.js';
import { classIndex, labelsBySynset, type Layout, type Synset } from './layout.js';

const ARCHIVES = { train: 'ILSVRC2012_img_train.tar', test: 'ILSVRC2012_img_val.tar' } as const;

/**
 * The official archives: a tar of a tar per class, a flat one of validation images, and the development kit that
 * has their classes. `devkitMd5` is for kits of other content.
 */
export async function tarLayout(root: string, devkitMd5: string | null = DEVKIT.md5): Promise<Layout | null> {
  if (!Object.values(ARCHIVES).some((name) => existsSync(join(root, name)))) return null;
  const devkit = existsSync(join(root, DEVKIT.name)) ? await readDevkit(root, devkitMd5) : null;
  const train = once(() => TarPictures.open(join(root, ARCHIVES.train)));
  const synsets = (await classIndex(root)) ?? (devkit === null ? synsetsOf(await train()) : sorted(devkit));
  return {
    classes: synsets.map(([, name]) => name),
    async open(split) {
      if (!existsSync(join(root, ARCHIVES[split]))) throw missing('imagenet', [ARCHIVES[split]], [root]);
      if (split === 'train') {
        const pictures = await train();
        return { pictures, labels: () => Promise.resolve(labelsBySynset(pictures, synsets)) };
      }
      if (devkit === null)
        throw missing('imagenet', [`${DEVKIT.name} (the classes of the validation images)`], [root]);
      const pictures = await TarPictures.open(join(root, ARCHIVES.test));
      return { pictures, labels: () => Promise.resolve(validationLabels(pictures, devkit, synsets)) };
    },
  };
}

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null;
  return () => (made ??= work());
}

/** The classes that have images, by synset: the order that everybody uses. The kit also knows inner nodes. */
function sorted({ classes, truth }: Devkit): Synset[] {
  const last = truth.reduce((most, id) => Math.max(most, id), 0);
  return [...classes]
    .filter(([id]) => id <= last)
    .map(([, synset]) => synset)
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

const synsetsOf = (pictures: TarPictures): Synset[] =>
  [...new Set(pictures.entries.map(({ name }) => name.slice(0, Math.max(0, name.indexOf('/')))))]
    .sort()
    .map((synset) => [synset, synset]);

/** ILSVRC2012_val_00000001.JPEG is image 1 of the kit's answers. */
function validationLabels(
  pictures: TarPictures,
  { classes, truth }: Devkit,
  synsets: readonly Synset[],
): Int32Array {
  const numbers = new Map(synsets.map(([synset], i) => [synset, i]));
  return Int32Array.from({ length: pictures.count }, (_, i) => {
    const number = Number(/_(\d{8})\.[a-z]+$/i.exec(pictures.name(i))?.[1] ?? Number.NaN);
    const synset = classes.get(truth[number - 1] ?? Number.NaN)?.[0];
    const label = synset === undefined ? undefined : numbers.get(synset);
    if (label !== undefined) return label;
    throw corrupt(
      pictures.place(i),
      'no class is known of this image',
      'ILSVRC2012_val_<number>.JPEG',
      pictures.name(i),
    );
  });
}

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Dataset, type DatasetSplit, type SplitName } from '@anc/core';
import { z } from 'zod';
import { corrupt, missing } from '../data-error.js';
import { searchPlaces } from '../locate.js';
import { FolderImages } from './folder-images.js';
import { imageFileOptions } from './image-folder.js';
import { listImages } from './list-images.js';

const { skipBroken: _, ...files } = imageFileOptions;
export const imagenetOptions = z.strictObject(files);

const FOLDERS: Readonly<Record<SplitName, string>> = { train: 'train', test: 'val' };
const SYNSET = /^n\d{8}$/;
/** Class number -> [synset, name]. */
const indexSchema = z.record(z.string(), z.tuple([z.string().regex(SYNSET), z.string()]));

/**
 * ImageNet (ILSVRC 2012) as class folders: `train/<wnid>/*.JPEG` and `val/<wnid>/*.JPEG`; the validation set is
 * the test split. Classes are the thousand of `imagenet_class_index.json` where that lies beside them, else
 * the folders' names in order.
 */
export class ImageNet extends Dataset {
  readonly name = 'imagenet';
  readonly classes: readonly string[];
  readonly shape: readonly [number, number, number];
  readonly #root: string;
  readonly #numbers: ReadonlyMap<string, number>;
  readonly #options: z.output<typeof imagenetOptions>;
  readonly #seed: number;

  private constructor(
    root: string,
    classes: readonly (readonly [string, string])[],
    options: z.output<typeof imagenetOptions>,
    seed: number,
  ) {
    super();
    this.#root = root;
    this.#numbers = new Map(classes.map(([synset], i) => [synset, i]));
    this.#options = options;
    this.#seed = seed;
    this.classes = classes.map(([, name]) => name);
    this.shape = [options.size, options.size, options.channels];
  }

  static async open(
    options: z.input<typeof imagenetOptions>,
    dataDir: string | null,
    seed: number,
  ): Promise<ImageNet> {
    const places = searchPlaces(dataDir, ['imagenet', 'ILSVRC2012', 'imagenet-sample']);
    const root = places.find((place) => Object.values(FOLDERS).some((name) => existsSync(join(place, name))));
    if (root === undefined) throw missing('imagenet', ['train/<wnid>/*.JPEG', 'val/<wnid>/*.JPEG'], places);
    return new ImageNet(root, await classesOf(root), imagenetOptions.parse(options), seed);
  }

  async split(name: SplitName): Promise<DatasetSplit> {
    const folder = join(this.#root, FOLDERS[name]);
    if (!existsSync(folder)) throw missing('imagenet', [`${FOLDERS[name]}/<wnid>/*.JPEG`], [this.#root]);
    const found = await listImages(folder);
    if (found.length === 0) throw missing('imagenet', ['<wnid>/*.JPEG'], [folder]);
    const labels = Int32Array.from(found, ({ path }) => {
      const label = this.#numbers.get(path.split('/')[0]!);
      if (label === undefined)
        throw corrupt(
          join(folder, path),
          'an image outside of the known class folders',
          '<wnid>/*.JPEG',
          path,
        );
      return label;
    });
    const { scale, ratio, flip, views } = this.#options;
    return {
      images: new FolderImages(folder, found, this.shape, { scale, ratio, flip, views, seed: this.#seed }),
      labels: () => Promise.resolve(labels.slice()),
    };
  }
}

async function classesOf(root: string): Promise<(readonly [string, string])[]> {
  const path = join(root, 'imagenet_class_index.json');
  if (existsSync(path)) {
    try {
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
  const folder = Object.values(FOLDERS)
    .map((name) => join(root, name))
    .find((place) => existsSync(place))!;
  const synsets = new Set((await listImages(folder)).map((file) => file.path.split('/')[0]!));
  return [...synsets].sort().map((synset) => [synset, synset]);
}

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { AncError, Dataset, isAncError, type DatasetSplit, type SplitName } from '@anc/core';
import type { z } from 'zod';
import { corrupt, missing } from '../files/data-error.js';
import { imageFolderOptions, type ImageFolderOptions } from '../options.js';
import { decodeImage } from './decode.js';
import { DecodedImages } from './decoded-images.js';
import { listImages, type FoundImage } from './list-images.js';
import { FilePictures } from './encoded-images.js';

interface Part {
  readonly root: string;
  readonly files: readonly FoundImage[];
}

/**
 * A folder of images of any size: `train/` and `test/` (or `val/`), or one folder of which a part is kept for
 * evaluation by a seeded hash of the paths. First-level folders are classes; without them there are no labels.
 */
export class ImageFolder extends Dataset {
  readonly name = 'image-folder';
  readonly classes: readonly string[];
  readonly shape: readonly [number, number, number];
  /** Files left out because they do not decode, by path. */
  readonly skipped: readonly string[];
  readonly #parts: Readonly<Record<SplitName, Part>>;
  readonly #options: z.output<typeof imageFolderOptions>;
  readonly #seed: number;

  private constructor(
    parts: Readonly<Record<SplitName, Part>>,
    classes: readonly string[],
    options: z.output<typeof imageFolderOptions>,
    seed: number,
    skipped: readonly string[],
  ) {
    super();
    this.#parts = parts;
    this.classes = classes;
    this.#options = options;
    this.#seed = seed;
    this.shape = [options.size, options.size, options.channels];
    this.skipped = skipped;
  }

  /** Lists the folder once. Throws `ANC_DATA_*` where there are no images or the splits' classes differ. */
  static async open(options: ImageFolderOptions, dataDir: string | null, seed: number): Promise<ImageFolder> {
    const parsed = imageFolderOptions.parse(options);
    const path = parsed.path ?? dataDir;
    if (path === null) {
      throw new AncError('ANC_CONFIG', 'image-folder: which folder?', {
        expected: '--data-dir or the option path',
        received: 'neither',
      });
    }
    let parts = await partsOf(resolve(path), parsed.testFraction, seed);
    const skipped: string[] = [];
    if (parsed.skipBroken) {
      parts = {
        train: await whole(parts.train, parsed, skipped),
        test: await whole(parts.test, parsed, skipped),
      };
    }
    for (const { root, files } of Object.values(parts)) {
      if (files.length === 0) throw missing('image-folder', ['*.jpg, *.png or *.webp'], [root]);
    }
    const wanted = parsed.labelled;
    const foldered = Object.values(parts).every(({ files }) => files.every(({ path: p }) => p.includes('/')));
    if (wanted === 'yes' && !foldered) {
      throw corrupt(
        resolve(path),
        'images outside of class folders',
        'every image in a folder named by its class',
        'some that are not',
      );
    }
    const classes = wanted !== 'no' && foldered ? commonClasses(parts) : [];
    return new ImageFolder(parts, classes, parsed, seed, skipped);
  }

  split(name: SplitName): Promise<DatasetSplit> {
    const { root, files } = this.#parts[name];
    const { scale, ratio, flip, views } = this.#options;
    const labels = Int32Array.from(files, ({ path }) => this.classes.indexOf(classOf(path)));
    return Promise.resolve({
      images: new DecodedImages(new FilePictures(root, files), this.shape, {
        scale,
        ratio,
        flip,
        views,
        seed: this.#seed,
      }),
      labels: this.classes.length === 0 ? null : () => Promise.resolve(labels.slice()),
    });
  }
}

const classOf = (path: string): string => path.slice(0, path.indexOf('/'));

async function partsOf(path: string, testFraction: number, seed: number): Promise<Record<SplitName, Part>> {
  const [train, test] = [
    join(path, 'train'),
    ['test', 'val'].map((n) => join(path, n)).find((p) => existsSync(p)),
  ];
  if (existsSync(train) && test !== undefined) {
    return {
      train: { root: train, files: await listImages(train) },
      test: { root: test, files: await listImages(test) },
    };
  }
  const files = await listImages(path);
  const key = ({ path: p }: FoundImage): string => createHash('sha256').update(`${seed}:${p}`).digest('hex');
  const order = files.map((file) => ({ file, key: key(file) })).sort((a, b) => (a.key < b.key ? -1 : 1));
  const held = new Set(order.slice(0, Math.round(files.length * testFraction)).map(({ file }) => file));
  return {
    train: { root: path, files: files.filter((file) => !held.has(file)) },
    test: { root: path, files: files.filter((file) => held.has(file)) },
  };
}

/** A test set may lack a class that training has (it is a sample); a class that only it has cannot be learned. */
function commonClasses(parts: Readonly<Record<SplitName, Part>>): string[] {
  const [train, test] = [parts.train, parts.test].map(({ files }) => [
    ...new Set(files.map(({ path }) => classOf(path))),
  ]);
  const strange = test!.find((name) => !train!.includes(name));
  if (strange !== undefined) {
    throw corrupt(
      join(parts.test.root, strange),
      'a class folder that the training set does not have',
      train!.slice(0, 10).join(', '),
      strange,
      'give both splits the same class folders.',
    );
  }
  return train!.sort();
}

async function whole(
  from: Part,
  options: z.output<typeof imageFolderOptions>,
  skipped: string[],
): Promise<Part> {
  const files: FoundImage[] = [];
  for (let start = 0; start < from.files.length; start += 64) {
    const some = from.files.slice(start, start + 64);
    const good = await Promise.all(
      some.map(({ path }) =>
        decodeImage(join(from.root, path), [options.size, options.size, options.channels], null).then(
          () => true,
          (error: unknown) => {
            if (!isAncError(error) || error.code !== 'ANC_DATA_CORRUPT') throw error;
            return false;
          },
        ),
      ),
    );
    some.forEach((file, i) => (good[i] ? files.push(file) : skipped.push(join(from.root, file.path))));
  }
  return { root: from.root, files };
}

import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { innerFolders } from '../files/locate.js';
import { md5Of } from '../files/verified-file.js';
import { listImages } from '../image-folder/list-images.js';
import { fashionMnistSpec, mnistSpec } from '../mnist/mnist-spec.js';

/** What a folder of a user holds. */
export interface RecognizedFolder {
  /** Names of the published datasets whose files are in it. */
  readonly datasets: readonly string[];
  /** Whether it has image files. */
  readonly hasImages: boolean;
}

/** Files by which a dataset is known, in the folder itself or one of those in it. */
const FILES: readonly (readonly [dataset: string, pattern: RegExp])[] = [
  ['cifar10', /^(data_batch_1(\.bin)?|test_batch(\.bin)?|cifar-10-(binary|python)\.tar\.gz)$/],
  ['cifar100', /^(fine_label_names\.txt|cifar-100-(binary|python)\.tar\.gz)$/],
  ['svhn', /^(train|test|extra)_32x32\.mat$/],
  [
    'imagenet',
    /^(ILSVRC2012_img_(train|val)\.tar|imagenet_class_index\.json|(train|validation)-\d+-of-\d+.*\.parquet)$/,
  ],
];
/** CIFAR-100's own names are too plain to be known outside of its folder. */
const CIFAR100_FOLDER = /^cifar-100-(binary|python)$/;

/**
 * Looks which published datasets a folder holds, by the names of files in it and up to two folders deeper, and whether
 * it holds images. MNIST and Fashion-MNIST, whose files have the same names, are distinguished by their checksums.
 */
export async function recognizeFolder(folder: string): Promise<RecognizedFolder> {
  const found = new Set<string>();
  for (const place of [folder, ...innerFolders(folder)]) {
    const names = await filesIn(place);
    for (const [dataset, pattern] of FILES) if (names.some((name) => pattern.test(name))) found.add(dataset);
    const isCifar100 = CIFAR100_FOLDER.test(place.split(/[\\/]/).at(-1)!);
    if (isCifar100 && names.some((name) => /^(train|test)(\.bin)?$/.test(name))) found.add('cifar100');
    for (const name of names) {
      const idx = await idxDataset(join(place, name), name);
      if (idx !== null) found.add(idx);
    }
  }
  return { datasets: [...found].sort(), hasImages: (await listImages(folder)).length > 0 };
}

const filesIn = async (place: string): Promise<string[]> =>
  (await readdir(place, { withFileTypes: true }).catch(() => []))
    .filter((entry) => !entry.isDirectory())
    .map(({ name }) => name);

/** The dataset that an IDX file of labels belongs to; null of other files. */
async function idxDataset(path: string, name: string): Promise<string | null> {
  if (!/^(train|t10k)-labels[-.]idx1-ubyte(\.gz)?$/.test(name)) return null;
  if ((await stat(path).catch(() => null))?.isFile() !== true) return null;
  const md5 = await md5Of(path);
  const spec = [mnistSpec, fashionMnistSpec].find(({ splits }) =>
    [splits.train.labels, splits.test.labels].some((file) => file.md5 === md5 || file.unpackedMd5 === md5),
  );
  return spec?.name ?? null;
}

import { Dataset, type DatasetSplit, type SplitName } from '@anc/core';
import { corrupt, missing } from '../files/data-error.js';
import { searchPlaces } from '../files/locate.js';
import type { OfficialFile } from '../files/official-file.js';
import { gunzipped, readVerified } from '../files/verified-file.js';
import { checkedLabels } from '../images/labels.js';
import { MemoryImages, sharedBytes, type ImageShape } from '../images/memory-images.js';
import { findIdx } from './find-idx.js';
import { idxHeader, parseIdx } from './idx.js';

/** Properties of a dataset in MNIST's format. */
export interface IdxSpec {
  readonly name: string;
  /** Folders, besides the data folder itself, that may hold the files. */
  readonly folders: readonly string[];
  readonly classes: readonly string[];
  readonly shape: ImageShape;
  readonly splits: Readonly<
    Record<
      SplitName,
      { readonly count: number; readonly images: OfficialFile; readonly labels: OfficialFile }
    >
  >;
}

/** A dataset of IDX files (MNIST, Fashion-MNIST), gzipped or unpacked, in shared memory. */
export class IdxDataset extends Dataset {
  readonly name: string;
  readonly classes: readonly string[];
  readonly shape: ImageShape;
  readonly #spec: IdxSpec;
  readonly #places: readonly string[];
  readonly #dataDir: string | null;

  constructor(spec: IdxSpec, dataDir: string | null) {
    super();
    this.#spec = spec;
    this.#places = searchPlaces(dataDir, spec.folders);
    this.#dataDir = dataDir;
    this.name = spec.name;
    this.classes = spec.classes;
    this.shape = spec.shape;
  }

  async split(name: SplitName): Promise<DatasetSplit> {
    const { count, images, labels } = this.#spec.splits[name];
    const [height, width] = this.shape;
    const bytes = await this.#read(images, [count, height, width]);
    return {
      images: new MemoryImages(bytes, this.shape),
      labels: async () => {
        const values = await this.#read(labels, [count]);
        return checkedLabels(labels.name, values, this.classes.length);
      },
    };
  }

  /** Data of a file in shared memory, after checking checksum and sizes. */
  async #read(file: OfficialFile, shape: readonly number[]): Promise<Uint8Array> {
    const found = await findIdx(file, this.#places, this.#dataDir);
    if (found === null) throw missing(this.name, [file.name], this.#places);
    const { path, md5, packed } = found;
    const content = await readVerified(path, md5);
    const size = shape.reduce((a, b) => a * b, 1);
    const unpacked = packed ? await gunzipped(path, content, idxHeader(shape.length) + size) : content;
    const array = parseIdx(path, unpacked);
    if (array.shape.join() !== shape.join()) {
      throw corrupt(path, 'wrong sizes', `[${shape.join(', ')}]`, `[${array.shape.join(', ')}]`);
    }
    const bytes = sharedBytes(size);
    bytes.set(array.data);
    return bytes;
  }
}

import { Dataset, type DatasetSplit, type SplitName } from '@anc/core';
import { corrupt } from '../files/data-error.js';
import { idxHeader, parseIdx } from './idx.js';
import { checkedLabels } from '../images/labels.js';
import { requireFile, searchPlaces } from '../files/locate.js';
import type { OfficialFile } from '../files/official-file.js';
import { MemoryImages, sharedBytes, type ImageShape } from '../images/memory-images.js';
import { gunzipped, readVerified } from '../files/verified-file.js';

/** What tells one MNIST-like dataset from another. */
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

/** A dataset of gzipped IDX files (MNIST, Fashion-MNIST), held in shared memory. */
export class IdxDataset extends Dataset {
  readonly name: string;
  readonly classes: readonly string[];
  readonly shape: ImageShape;
  readonly #spec: IdxSpec;
  readonly #places: readonly string[];

  constructor(spec: IdxSpec, dataDir: string | null) {
    super();
    this.#spec = spec;
    this.#places = searchPlaces(dataDir, spec.folders);
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

  /** One file's data in shared memory, its checksum and sizes checked. */
  async #read(file: OfficialFile, shape: readonly number[]): Promise<Uint8Array> {
    const path = requireFile(this.name, this.#places, [file.name]);
    const packed = await readVerified(path, file.md5);
    const size = shape.reduce((a, b) => a * b, 1);
    const array = parseIdx(path, await gunzipped(path, packed, idxHeader(shape.length) + size));
    if (array.shape.join() !== shape.join()) {
      throw corrupt(path, 'wrong sizes', `[${shape.join(', ')}]`, `[${array.shape.join(', ')}]`);
    }
    const bytes = sharedBytes(size);
    bytes.set(array.data);
    return bytes;
  }
}

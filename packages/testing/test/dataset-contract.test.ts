import { AncError, Dataset, type DatasetSplit, type ImageSource, type SplitName } from '@anc/core';
import { describe, expect, it } from 'vitest';
import { datasetContract } from '../src/index.js';
import { failuresOf } from './collect.js';

const SIZE = 2 * 2 * 1;
const COUNT = { train: 6, test: 4 };

/** What a faulty dataset does differently in a split. */
type Fault = (correct: DatasetSplit & { readonly split: SplitName }) => {
  readonly images?: Partial<ImageSource>;
  readonly labels?: DatasetSplit['labels'];
};

/** Pixel p of image i of a split, in a view. */
const pixel = (split: SplitName, image: number, p: number, view: number): number =>
  (split === 'train' ? 0 : 100) + image * SIZE + p + view;

function correctSplit(split: SplitName): DatasetSplit & { readonly split: SplitName } {
  const count = COUNT[split];
  const draw = (indices: Int32Array, views: Int32Array, out: Uint8Array): void => {
    indices.forEach((image, at) => {
      if (!(image >= 0 && image < count)) throw new AncError('ANC_DATA_INDEX', 'no such image.');
      for (let p = 0; p < SIZE; p++) out[at * SIZE + p] = pixel(split, image, p, views[at]!);
    });
  };
  return {
    split,
    images: {
      count,
      shape: [2, 2, 1],
      fingerprint: split,
      read: (indices, out) => draw(indices, new Int32Array(indices.length), out),
      crops: { id: 'crops', views: 3, read: draw },
    },
    labels: () => Promise.resolve(Int32Array.from({ length: count }, (_, i) => i % 2)),
  };
}

class FaultyDataset extends Dataset {
  readonly name: string;
  readonly classes = ['even', 'odd'];
  readonly shape = [2, 2, 1] as const;

  constructor(
    readonly fault: Fault,
    name = 'faulty',
  ) {
    super();
    this.name = name;
  }

  split(name: SplitName): Promise<DatasetSplit> {
    const correct = correctSplit(name);
    const { images, labels } = this.fault(correct);
    return Promise.resolve({
      images: { ...correct.images, ...images },
      labels: labels === undefined ? correct.labels : labels,
    });
  }
}

const failures = async (open: () => Dataset): Promise<string[]> =>
  (await failuresOf((runner) => datasetContract(runner, open))).map((name) =>
    name.replace('dataset contract > ', ''),
  );

let openings = 0;
let draws = 0;

/** Reads correctly, then changes the bytes by `more`. */
const readingThen =
  (more: (out: Uint8Array, indices: Int32Array) => void): Fault =>
  ({ images }) => ({
    images: {
      async read(indices, out) {
        await images.read(indices, out);
        more(out, indices);
      },
    },
  });

const faults: readonly (readonly [fault: string, check: string, Fault])[] = [
  [
    'has images of another shape',
    'has a name, and images of the shape that it declares',
    () => ({ images: { shape: [4, 1, 1] } }),
  ],
  [
    'changes images by their position in a batch',
    'reads the same image at any position of a batch',
    readingThen((out) => out.forEach((value, i) => (out[i] = value + Math.floor(i / SIZE)))),
  ],
  ['does not write all bytes', 'writes every byte of an image and none beyond it', withoutLastByte()],
  [
    'writes beyond its images',
    'writes every byte of an image and none beyond it',
    readingThen((out, indices) => (out[indices.length * SIZE] = 7)),
  ],
  [
    'is different each time',
    'is the same when it is opened again, and its splits differ',
    ({ split }) => ({ images: { fingerprint: `${split}${openings++}` } }),
  ],
  [
    'has splits with the same fingerprint',
    'is the same when it is opened again, and its splits differ',
    () => ({ images: { fingerprint: 'the same' } }),
  ],
  [
    'has too few labels',
    'has one label in range per image, or none at all',
    () => ({ labels: () => Promise.resolve(Int32Array.of(0)) }),
  ],
  [
    'has labels out of range',
    'has one label in range per image, or none at all',
    ({ images }) => ({ labels: () => Promise.resolve(new Int32Array(images.count).fill(2)) }),
  ],
  [
    'accepts any index',
    'rejects images that do not exist',
    ({ images }) => ({
      images: {
        read: (indices, out) =>
          images.read(
            indices.map((i) => Math.max(0, i % images.count)),
            out,
          ),
      },
    }),
  ],
  [
    'crops the plain image',
    'has the same crop for the same view, and view 0 is the plain image',
    reading((view) => view + 1),
  ],
  [
    'has random crops',
    'has the same crop for the same view, and view 0 is the plain image',
    reading((view) => (view === 0 ? 0 : view + draws++)),
  ],
];

/** Reads other views than requested. */
function reading(other: (view: number) => number): Fault {
  return ({ images }) => {
    const crops = images.crops!;
    return {
      images: {
        crops: { ...crops, read: (indices, views, out) => crops.read(indices, views.map(other), out) },
      },
    };
  };
}

/** Leaves the last byte unchanged. */
function withoutLastByte(): Fault {
  return ({ images }) => ({
    images: {
      async read(indices, out) {
        const last = out[indices.length * SIZE - 1]!;
        await images.read(indices, out);
        out[indices.length * SIZE - 1] = last;
      },
    },
  });
}

describe('a dataset', () => {
  it('that is correct passes, with labels or without', async () => {
    expect(await failures(() => new FaultyDataset(() => ({})))).toEqual([]);
    expect(await failures(() => new FaultyDataset(() => ({ labels: null })))).toEqual([]);
  });

  it.each(faults)('that %s is caught: %s', async (_, check, fault) => {
    expect(await failures(() => new FaultyDataset(fault))).toContain(check);
  });

  it('without a name is caught', async () => {
    const failed = await failures(() => new FaultyDataset(() => ({}), ''));
    expect(failed).toEqual(['has a name, and images of the shape that it declares']);
  });
});

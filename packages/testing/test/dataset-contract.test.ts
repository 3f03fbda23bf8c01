import { AncError, Dataset, type DatasetSplit, type ImageSource, type SplitName } from '@anc/core';
import { describe, expect, it } from 'vitest';
import { datasetContract } from '../src/index.js';
import { failuresOf } from './collect.js';

const SIZE = 2 * 2 * 1;
const COUNT = { train: 6, test: 4 };

/** What a broken dataset does differently in a split. */
type Fault = (sound: DatasetSplit & { readonly split: SplitName }) => {
  readonly images?: Partial<ImageSource>;
  readonly labels?: DatasetSplit['labels'];
};

/** Pixel p of image i of a split, in a view. */
const pixel = (split: SplitName, image: number, p: number, view: number): number =>
  (split === 'train' ? 0 : 100) + image * SIZE + p + view;

function soundSplit(split: SplitName): DatasetSplit & { readonly split: SplitName } {
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

class Given extends Dataset {
  readonly name: string;
  readonly classes = ['even', 'odd'];
  readonly shape = [2, 2, 1] as const;

  constructor(
    readonly fault: Fault,
    name = 'given',
  ) {
    super();
    this.name = name;
  }

  split(name: SplitName): Promise<DatasetSplit> {
    const sound = soundSplit(name);
    const { images, labels } = this.fault(sound);
    return Promise.resolve({
      images: { ...sound.images, ...images },
      labels: labels === undefined ? sound.labels : labels,
    });
  }
}

const caught = async (open: () => Dataset): Promise<string[]> =>
  (await failuresOf((runner) => datasetContract(runner, open))).map((name) =>
    name.replace('dataset contract > ', ''),
  );

let openings = 0;
let draws = 0;

/** Reads as it should, and does `more` to what was read. */
const reading =
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
    'says its shape and has images of that shape',
    () => ({ images: { shape: [4, 1, 1] } }),
  ],
  [
    'changes images by their place in a batch',
    'gives the same image wherever it stands in a batch',
    reading((out) => out.forEach((value, i) => (out[i] = value + Math.floor(i / SIZE)))),
  ],
  ['leaves bytes out', 'writes every byte and no byte beyond', leavingOut()],
  [
    'writes beyond its images',
    'writes every byte and no byte beyond',
    reading((out, indices) => (out[indices.length * SIZE] = 7)),
  ],
  [
    'is another one each time',
    'is the same when opened again, and its splits differ',
    ({ split }) => ({ images: { fingerprint: `${split}${openings++}` } }),
  ],
  [
    'has splits that cannot be told apart',
    'is the same when opened again, and its splits differ',
    () => ({ images: { fingerprint: 'the same' } }),
  ],
  [
    'has a label too few',
    'has one label in range per image, or none at all',
    () => ({ labels: () => Promise.resolve(Int32Array.of(0)) }),
  ],
  [
    'has labels out of range',
    'has one label in range per image, or none at all',
    ({ images }) => ({ labels: () => Promise.resolve(new Int32Array(images.count).fill(2)) }),
  ],
  [
    'has images that are not there',
    'refuses images that are not there',
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
    'varies the plain image',
    'draws the same crop for the same view, view 0 being the plain image',
    showing((view) => view + 1),
  ],
  [
    'draws lots for its crops',
    'draws the same crop for the same view, view 0 being the plain image',
    showing((view) => (view === 0 ? 0 : view + draws++)),
  ],
];

/** Shows other views than it was asked for. */
function showing(other: (view: number) => number): Fault {
  return ({ images }) => {
    const crops = images.crops!;
    return {
      images: {
        crops: { ...crops, read: (indices, views, out) => crops.read(indices, views.map(other), out) },
      },
    };
  };
}

/** Leaves the last byte as it was. */
function leavingOut(): Fault {
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
  it('that is sound is not accused, with labels or without', async () => {
    expect(await caught(() => new Given(() => ({})))).toEqual([]);
    expect(await caught(() => new Given(() => ({ labels: null })))).toEqual([]);
  });

  it.each(faults)('that %s is caught: %s', async (_, check, fault) => {
    expect(await caught(() => new Given(fault))).toContain(check);
  });

  it('without a name is caught', async () => {
    const failed = await caught(() => new Given(() => ({}), ''));
    expect(failed).toEqual(['says its shape and has images of that shape']);
  });
});

import { isAncError, type Dataset, type DatasetSplit, type ImageSource, type SplitName } from '@anc/core';

/** What the suite needs of a test runner; vitest's and jest's globals fit. */
export interface DatasetContractRunner {
  describe(name: string, body: () => void): void;
  it(name: string, body: () => Promise<void>): void;
  expect(value: unknown): {
    toBe(expected: unknown): void;
    toEqual(expected: unknown): void;
    toBeGreaterThan(limit: number): void;
  };
}

const SPLITS: readonly SplitName[] = ['train', 'test'];
/** Images per split that the suite reads; the first and last ones. */
const LOOKED_AT = 8;

async function read(images: ImageSource, indices: readonly number[]): Promise<Uint8Array> {
  const [height, width, channels] = images.shape;
  const out = new Uint8Array(indices.length * height * width * channels);
  await images.read(Int32Array.from(indices), out);
  return out;
}

const someOf = (count: number): number[] => [
  ...new Set(Array.from({ length: LOOKED_AT }, (_, i) => Math.floor((i * (count - 1)) / (LOOKED_AT - 1)))),
];

/**
 * What every dataset must hold: sizes that agree, random access that does not depend on the order of asking,
 * the same content from a second opening, labels in range (or none), errors for images that are not there.
 *
 * `open` is called for each test; give it a small dataset.
 */
export function datasetContract(
  { describe, it, expect }: DatasetContractRunner,
  open: () => Dataset | Promise<Dataset>,
): void {
  const forEach = async (check: (split: DatasetSplit, dataset: Dataset) => Promise<void>): Promise<void> => {
    const dataset = await open();
    for (const name of SPLITS) await check(await dataset.split(name), dataset);
  };

  describe('dataset contract', () => {
    it('says its shape and has images of that shape', () =>
      forEach(async ({ images }, { shape, name }) => {
        expect(name.length).toBeGreaterThan(0);
        expect([...images.shape]).toEqual([...shape]);
        expect(shape.every((size) => Number.isInteger(size) && size > 0)).toBe(true);
        expect(images.count).toBeGreaterThan(0);
        expect(images.fingerprint.length).toBeGreaterThan(0);
      }));

    it('gives the same image wherever it stands in a batch', () =>
      forEach(async ({ images }) => {
        const indices = someOf(images.count);
        const forward = await read(images, indices);
        const backward = await read(images, [...indices].reverse());
        const size = forward.length / indices.length;
        for (let i = 0; i < indices.length; i++) {
          const there = indices.length - 1 - i;
          const image = [...forward.subarray(i * size, (i + 1) * size)];
          expect([...backward.subarray(there * size, (there + 1) * size)]).toEqual(image);
          expect([...(await read(images, [indices[i]!]))]).toEqual(image);
        }
      }));

    it('writes every byte and no byte beyond', () =>
      forEach(async ({ images }) => {
        const size = images.shape.reduce((a, b) => a * b, 1);
        const [dark, light] = [new Uint8Array(size + 8), new Uint8Array(size + 8).fill(255)];
        for (const out of [dark, light]) await images.read(Int32Array.of(0), out);
        expect([...dark.subarray(0, size)]).toEqual([...light.subarray(0, size)]);
        expect([...dark.subarray(size), ...light.subarray(size)]).toEqual([
          ...new Array<number>(8).fill(0),
          ...new Array<number>(8).fill(255),
        ]);
      }));

    it('is the same when opened again, and its splits differ', async () => {
      const [one, two] = [await open(), await open()];
      const prints: string[] = [];
      for (const name of SPLITS) {
        const [a, b] = [await one.split(name), await two.split(name)];
        expect(a.images.fingerprint).toBe(b.images.fingerprint);
        expect(a.images.count).toBe(b.images.count);
        const indices = someOf(a.images.count);
        expect([...(await read(a.images, indices))]).toEqual([...(await read(b.images, indices))]);
        prints.push(a.images.fingerprint);
      }
      expect(new Set(prints).size).toBe(SPLITS.length);
    });

    it('has one label in range per image, or none at all', () =>
      forEach(async ({ images, labels }, { classes }) => {
        if (labels === null) return;
        const values = await labels();
        expect(values.length).toBe(images.count);
        expect(values.every((label) => label >= 0 && label < classes.length)).toBe(true);
        expect([...(await labels())]).toEqual([...values]);
      }));

    it('refuses images that are not there', () =>
      forEach(async ({ images }) => {
        for (const index of [-1, images.count]) {
          const refused = await read(images, [index]).then(
            () => null,
            (error: unknown) => error,
          );
          expect(isAncError(refused)).toBe(true);
        }
      }));

    it('draws the same crop for the same view, view 0 being the plain image', () =>
      forEach(async ({ images }) => {
        if (images.crops === undefined) return;
        const plain = await read(images, [0]);
        const crop = async (view: number): Promise<number[]> => {
          const out = new Uint8Array(plain.length);
          await images.crops!.read(Int32Array.of(0), Int32Array.of(view), out);
          return [...out];
        };
        expect(await crop(0)).toEqual([...plain]);
        const last = images.crops.views - 1;
        expect(await crop(last)).toEqual(await crop(last));
      }));
  });
}

import {
  isAncError,
  targetsOf,
  type Dataset,
  type DatasetSplit,
  type ImageSource,
  type SplitName,
} from '@anc/core';
import type { ContractRunner } from '../harness/contract-runner.js';

const SPLITS: readonly SplitName[] = ['train', 'test'];
/** Images that are read per split, evenly spaced from the first to the last. */
const SAMPLES = 8;

async function read(images: ImageSource, indices: readonly number[]): Promise<Uint8Array> {
  const [height, width, channels] = images.shape;
  const out = new Uint8Array(indices.length * height * width * channels);
  await images.read(Int32Array.from(indices), out);
  return out;
}

const sampleOf = (count: number): number[] => [
  ...new Set(Array.from({ length: SAMPLES }, (_, i) => Math.floor((i * (count - 1)) / (SAMPLES - 1)))),
];

/**
 * Contract of a dataset: consistent sizes; random access that does not depend on the order of the requests; the same
 * content when it is opened again; labels in range, or none; an error for images that do not exist.
 *
 * `open` is called for every test; give it a small dataset.
 */
export function datasetContract(
  { describe, it, expect }: ContractRunner,
  open: () => Dataset | Promise<Dataset>,
): void {
  const forEachSplit = async (
    check: (split: DatasetSplit, dataset: Dataset) => Promise<void>,
  ): Promise<void> => {
    const dataset = await open();
    for (const name of SPLITS) await check(await dataset.split(name), dataset);
  };

  describe('dataset contract', () => {
    it('has a name, and images of the shape that it declares', () =>
      forEachSplit(async ({ images }, { shape, name }) => {
        expect(name.length).toBeGreaterThan(0);
        expect([...images.shape]).toEqual([...shape]);
        expect(shape.every((size) => Number.isInteger(size) && size > 0)).toBe(true);
        expect(images.count).toBeGreaterThan(0);
        expect(images.fingerprint.length).toBeGreaterThan(0);
      }));

    it('reads the same image at any position of a batch', () =>
      forEachSplit(async ({ images }) => {
        const indices = sampleOf(images.count);
        const forward = await read(images, indices);
        const backward = await read(images, [...indices].reverse());
        const size = forward.length / indices.length;
        for (let i = 0; i < indices.length; i++) {
          const mirrored = indices.length - 1 - i;
          const image = [...forward.subarray(i * size, (i + 1) * size)];
          expect([...backward.subarray(mirrored * size, (mirrored + 1) * size)]).toEqual(image);
          expect([...(await read(images, [indices[i]!]))]).toEqual(image);
        }
      }));

    it('writes every byte of an image and none beyond it', () =>
      forEachSplit(async ({ images }) => {
        const size = images.shape.reduce((a, b) => a * b, 1);
        const [dark, light] = [new Uint8Array(size + 8), new Uint8Array(size + 8).fill(255)];
        for (const out of [dark, light]) await images.read(Int32Array.of(0), out);
        expect([...dark.subarray(0, size)]).toEqual([...light.subarray(0, size)]);
        expect([...dark.subarray(size), ...light.subarray(size)]).toEqual([
          ...new Array<number>(8).fill(0),
          ...new Array<number>(8).fill(255),
        ]);
      }));

    it('is the same when it is opened again, and its splits differ', async () => {
      const [one, two] = [await open(), await open()];
      const fingerprints: string[] = [];
      for (const name of SPLITS) {
        const [a, b] = [await one.split(name), await two.split(name)];
        expect(a.images.fingerprint).toBe(b.images.fingerprint);
        expect(a.images.count).toBe(b.images.count);
        const indices = sampleOf(a.images.count);
        expect([...(await read(a.images, indices))]).toEqual([...(await read(b.images, indices))]);
        fingerprints.push(a.images.fingerprint);
      }
      expect(new Set(fingerprints).size).toBe(SPLITS.length);
    });

    it('has one label in range per image, or none at all', () =>
      forEachSplit(async ({ images, labels }, { classes }) => {
        if (labels === null) return;
        const values = await labels();
        expect(values.length).toBe(images.count);
        expect(values.every((label) => label >= 0 && label < classes.length)).toBe(true);
        expect([...(await labels())]).toEqual([...values]);
      }));

    it('has the same target for an image at any position, of the size of its shape', () =>
      forEachSplit(async (split) => {
        const source = await targetsOf(split)?.();
        if (source === undefined) return;
        const size = source.shape.reduce((a, b) => a * b, 1);
        const targetsAt = async (indices: readonly number[]): Promise<number[]> => {
          const out = new Int32Array(indices.length * size + 1).fill(-7);
          await source.read(Int32Array.from(indices), out);
          expect(out.at(-1)).toBe(-7); // nothing is written beyond
          return [...out.subarray(0, -1)];
        };
        const indices = sampleOf(split.images.count);
        const all = await targetsAt(indices);
        for (const [i, index] of indices.entries())
          expect(await targetsAt([index])).toEqual(all.slice(i * size, (i + 1) * size));
      }));

    it('rejects images that do not exist', () =>
      forEachSplit(async ({ images }) => {
        for (const index of [-1, images.count]) {
          const error = await read(images, [index]).then(
            () => null,
            (reason: unknown) => reason,
          );
          expect(isAncError(error)).toBe(true);
        }
      }));

    it('has the same crop for the same view, and view 0 is the plain image', () =>
      forEachSplit(async ({ images }) => {
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

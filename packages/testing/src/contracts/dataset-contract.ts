import {
  isAncError,
  targetsOf,
  type Dataset,
  type DatasetSplit,
  type ImageSource,
  type SplitName,
} from '@anc/core';
import type { ContractRunner } from '../harness/contract-runner.js';
import { shown } from '../harness/shown.js';
import { suiteOf } from '../harness/suite.js';

const SPLITS: readonly SplitName[] = ['train', 'test'];
/** Images that are read per split, evenly spaced from the first to the last. */
const SAMPLES = 8;

async function read(images: ImageSource, indices: readonly number[]): Promise<Uint8Array> {
  const [height, width, channels] = images.shape;
  const out = new Uint8Array(indices.length * height * width * channels);
  await images.read(Int32Array.from(indices), out);
  return out;
}

const sameBytes = (one: ArrayLike<number>, other: ArrayLike<number>): boolean =>
  one.length === other.length && Array.from(one).every((byte, i) => byte === other[i]);

const sampleOf = (count: number): number[] => [
  ...new Set(Array.from({ length: SAMPLES }, (_, i) => Math.floor((i * (count - 1)) / (SAMPLES - 1)))),
];

/**
 * Contract of a dataset: consistent sizes; random access that does not depend on the order of the requests; the same
 * content when it is opened again; labels in range, or none; an error for images that do not exist.
 *
 * `open` is called for every test; give it a small dataset.
 */
export function datasetContract(runner: ContractRunner, open: () => Dataset | Promise<Dataset>): void {
  const { describe, it } = suiteOf(runner, 'the dataset');
  const forEachSplit = async (
    check: (split: DatasetSplit, dataset: Dataset) => Promise<void>,
  ): Promise<void> => {
    const dataset = await open();
    for (const name of SPLITS) await check(await dataset.split(name), dataset);
  };

  describe('dataset contract', () => {
    const declared = 'declare name, shape [H, W, C], and count and fingerprint of the images of each split.';
    it('has a name, and images of the shape that it declares', declared, (check) =>
      forEachSplit(async ({ images }, { shape, name }) => {
        const isText = (text: unknown): boolean => typeof text === 'string' && text !== '';
        check.that(isText(name), 'has no name', { expected: 'a text', received: name });
        check.equal(images.shape, shape, 'has images of another shape than it declares');
        check.that(
          [...shape].length === 3 && shape.every((size) => Number.isInteger(size) && size > 0),
          'declares no shape of images',
          { expected: '[H, W, C], whole numbers above 0', received: shape },
        );
        check.that(images.count > 0, 'has a split without images', {
          expected: 'a count above 0; give the suite a small dataset that has some',
          received: images.count,
        });
        check.that(isText(images.fingerprint), 'has images without a fingerprint', {
          expected: 'a text that changes when the images do',
          received: images.fingerprint,
        });
      }),
    );

    const random =
      'let read write image indices[i] at position i, whatever the other indices are, and only read indices.';
    it('reads the same image at any position of a batch', random, (check) =>
      forEachSplit(async ({ images }) => {
        const indices = sampleOf(images.count);
        const asked = Int32Array.from(indices);
        await images.read(asked, new Uint8Array(indices.length * images.shape.reduce((a, b) => a * b, 1)));
        check.equal([...asked], indices, 'writes to the indices that it is given');
        const forward = await read(images, indices);
        const backward = await read(images, [...indices].reverse());
        const size = forward.length / indices.length;
        for (let i = 0; i < indices.length; i++) {
          const mirrored = indices.length - 1 - i;
          const image = forward.subarray(i * size, (i + 1) * size);
          const found = [
            backward.subarray(mirrored * size, (mirrored + 1) * size),
            await read(images, [indices[i]!]),
          ].filter((other) => !sameBytes(other, image));
          check.none(
            found.map(() => `other bytes for image ${indices[i]}`),
            'reads another image where the batch is another one',
            'the same bytes at any position of a batch',
          );
        }
      }),
    );

    const bytes = 'write H·W·C bytes for each index, and nothing after the last one.';
    it('writes every byte of an image and none beyond it', bytes, (check) =>
      forEachSplit(async ({ images }) => {
        const size = images.shape.reduce((a, b) => a * b, 1);
        const [dark, light] = [new Uint8Array(size + 8), new Uint8Array(size + 8).fill(255)];
        for (const out of [dark, light]) await images.read(Int32Array.of(0), out);
        const missed = dark.subarray(0, size).findIndex((byte, i) => byte !== light[i]);
        check.that(missed === -1, 'does not write every byte of an image', {
          expected: `${size} bytes`,
          received: `byte ${missed} as it was`,
        });
        const beyond = [...dark.subarray(size), ...light.subarray(size).map((byte) => 255 - byte)];
        check.none(
          beyond.flatMap((byte, i) => (byte === 0 ? [] : [`byte ${size + (i % 8)} was changed`])),
          'writes beyond an image',
          `${size} bytes and no more`,
        );
      }),
    );

    const same =
      'read from files or a seed alone; let the fingerprint change with the images, and with nothing else.';
    it('is the same when it is opened again, and its splits differ', same, async (check) => {
      const [one, two] = [await open(), await open()];
      const fingerprints: string[] = [];
      for (const name of SPLITS) {
        const [a, b] = [await one.split(name), await two.split(name)];
        check.equal(
          b.images.fingerprint,
          a.images.fingerprint,
          'has another fingerprint when it is opened again',
        );
        check.equal(b.images.count, a.images.count, 'has another number of images when it is opened again');
        const indices = sampleOf(a.images.count);
        const [first, again] = [await read(a.images, indices), await read(b.images, indices)];
        check.that(sameBytes(first, again), 'has other images when it is opened again', {
          expected: `the same bytes of the ${name} split`,
          received: 'other bytes',
        });
        fingerprints.push(a.images.fingerprint);
      }
      check.that(new Set(fingerprints).size === SPLITS.length, 'has splits of one fingerprint', {
        expected: `${SPLITS.length} fingerprints`,
        received: fingerprints,
      });
    });

    const labeled =
      'return an Int32Array of class indices, one per image; labels: null where there are none.';
    it('has one label in range per image, or none at all', labeled, (check) =>
      forEachSplit(async ({ images, labels }, { classes }) => {
        if (labels === null) return;
        const values = await labels();
        check.equal(values.length, images.count, 'has not one label per image');
        const outside = values.find((label) => !(label >= 0 && label < classes.length));
        check.that(outside === undefined, 'has a label out of range', {
          expected: `0 to ${classes.length - 1}, for ${classes.length} classes`,
          received: outside,
        });
        check.equal(await labels(), values, 'has other labels when they are read again');
      }),
    );

    const targeted =
      'let read write the target of image indices[i] at position i, and nothing after the last one.';
    it('has the same target for an image at any position, of the size of its shape', targeted, (check) =>
      forEachSplit(async (split) => {
        const source = await targetsOf(split)?.();
        if (source === undefined) return;
        const size = source.shape.reduce((a, b) => a * b, 1);
        const targetsAt = async (indices: readonly number[]): Promise<number[]> => {
          const out = new Int32Array(indices.length * size + 1).fill(-7);
          await source.read(Int32Array.from(indices), out);
          check.equal(out.at(-1), -7, 'writes beyond a target');
          return [...out.subarray(0, -1)];
        };
        const indices = sampleOf(split.images.count);
        const all = await targetsAt(indices);
        for (const [i, index] of indices.entries())
          check.equal(
            await targetsAt([index]),
            all.slice(i * size, (i + 1) * size),
            `reads another target of image ${index} where the batch is another one`,
          );
      }),
    );

    const refused =
      "throw an AncError for an index below 0 or not below count: new AncError('ANC_DATA_INDEX', …).";
    it('rejects images that do not exist', refused, (check) =>
      forEachSplit(async ({ images }) => {
        for (const index of [-1, images.count]) {
          const error = await read(images, [index]).then(
            () => null,
            (reason: unknown) => reason,
          );
          check.that(isAncError(error), `does not refuse image ${index} of ${images.count}`, {
            expected: 'an AncError',
            received: error === null ? 'no error' : shown(error),
          });
        }
      }),
    );

    const cropped = 'derive the crop from the view alone, and let view 0 be the image that read gives.';
    it('has the same crop for the same view, and view 0 is the plain image', cropped, (check) =>
      forEachSplit(async ({ images }) => {
        if (images.crops === undefined) return;
        const plain = await read(images, [0]);
        const crop = async (view: number): Promise<number[]> => {
          const out = new Uint8Array(plain.length);
          await images.crops!.read(Int32Array.of(0), Int32Array.of(view), out);
          return [...out];
        };
        const same = 'the same bytes each time, and those of read for view 0';
        check.none(sameBytes(await crop(0), plain) ? [] : ['other bytes'], 'crops in view 0', same);
        const last = images.crops.views - 1;
        const again = sameBytes(await crop(last), await crop(last));
        check.none(again ? [] : [`view ${last}`], 'has another crop each time', same);
      }),
    );
  });
}

import { type Augmentation, type ImageBatch, type ImageSource } from '@anc/core';
import { describe, expect, it } from 'vitest';
import { evaluationBatches } from './evaluation.js';
import { LabelledLoader } from './labelled-loader.js';
import { Loader } from './loader.js';

/** n images of two bytes: i and 255 - i. */
const source = (count: number): ImageSource => ({
  count,
  shape: [1, 2, 1],
  fingerprint: `test-${count}`,
  read(indices, out) {
    indices.forEach((index, i) => out.set([index, 255 - index], i * 2));
  },
});

/** View v adds v to every byte. */
const shifting: Augmentation = {
  id: 'shift',
  views: 4,
  render: (image, _shape, view, out) => out.set(image.map((byte) => byte + view)),
};

async function collect<T>(batches: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const batch of batches) all.push(batch);
  return all;
}
const indicesOf = (batches: readonly ImageBatch[]): number[] =>
  batches.flatMap(({ indices }) => [...indices]);

describe('Loader', () => {
  it('shows every image once, but for the shuffled tail', async () => {
    const loader = new Loader(source(23), { batch: 5, seed: 1 });
    const batches = await collect(loader.epoch(0));
    expect(loader.batchesPerEpoch).toBe(4);
    expect(batches.map(({ images }) => images.length)).toEqual([10, 10, 10, 10]);
    const shown = indicesOf(batches);
    expect(new Set(shown).size).toBe(20);
    expect(shown).not.toEqual([...shown].sort((a, b) => a - b));
    const left = (epoch: number[]): number[] => [...Array(23).keys()].filter((i) => !epoch.includes(i));
    const next = indicesOf(await collect(loader.epoch(1)));
    expect(left(next)).not.toEqual(left(shown)); // another tail: nobody is left out for good
  });

  it('gives the same bytes for the same seed and epoch, others for others', async () => {
    const epoch = async (seed: number, n: number): Promise<ImageBatch[]> =>
      collect(new Loader(source(40), { batch: 8, seed, augmentation: shifting }).epoch(n));
    const first = await epoch(3, 2);
    expect(await epoch(3, 2)).toEqual(first);
    expect(await epoch(4, 2)).not.toEqual(first);
    expect(await epoch(3, 3)).not.toEqual(first);
  });

  it('goes on from any batch as if it had not stopped', async () => {
    const loader = new Loader(source(40), { batch: 8, seed: 9, augmentation: shifting });
    const whole = await collect(loader.epoch(5));
    for (let from = 0; from <= 5; from++)
      expect(await collect(loader.epoch(5, from))).toEqual(whole.slice(from));
  });

  it('says which view of which image it shows', async () => {
    const batches = await collect(
      new Loader(source(64), { batch: 16, seed: 0, augmentation: shifting }).epoch(0),
    );
    for (const { indices, views, images } of batches) {
      indices.forEach((index, i) => expect(images[i * 2]).toBe((index + views[i]!) & 255));
    }
    expect(new Set(batches.flatMap(({ views }) => [...views]))).toEqual(new Set([0, 1, 2, 3]));
  });

  it('keeps the order when the augmentation changes', async () => {
    const plain = indicesOf(await collect(new Loader(source(40), { batch: 8, seed: 2 }).epoch(1)));
    const varied = new Loader(source(40), { batch: 8, seed: 2, augmentation: shifting });
    expect(indicesOf(await collect(varied.epoch(1)))).toEqual(plain);
  });

  it('refuses a batch that the images do not fill', () => {
    expect(() => new Loader(source(7), { batch: 8, seed: 0 })).toThrow(/fewer images/);
    expect(() => new Loader(source(7), { batch: 0, seed: 0 })).toThrow(/at least one/);
  });
});

describe('LabelledLoader', () => {
  const labels = (count: number): Int32Array => Int32Array.from({ length: count }, (_, i) => (i * 3) % 10);

  it('gives the batches of Loader with the label of each image', async () => {
    const options = { batch: 8, seed: 4, augmentation: shifting };
    const plain = await collect(new Loader(source(30), options).epoch(2));
    const labelled = await collect(new LabelledLoader(source(30), labels(30), options).epoch(2));
    labelled.forEach(({ labels: given, ...batch }, b) => {
      expect(batch).toEqual(plain[b]);
      expect(given).toEqual(batch.indices.map((i) => (i * 3) % 10));
    });
    expect(labelled.length).toBe(plain.length);
  });

  it('refuses labels of another number', () => {
    expect(() => new LabelledLoader(source(30), labels(29), { batch: 8, seed: 0 })).toThrow(
      /differ in number/,
    );
  });
});

describe('evaluationBatches', () => {
  it.each([
    [10, 4, [4, 4, 2]],
    [8, 4, [4, 4]],
    [3, 4, [3]],
    [0, 4, []],
  ])('counts each of %i images once in batches of %i', async (count, size, valid) => {
    const batches = await collect(evaluationBatches(source(count), size));
    expect(batches.map((batch) => batch.valid)).toEqual(valid);
    const counted = batches.flatMap(({ indices, mask }) => [...indices].filter((_, i) => mask[i] === 1));
    expect(counted).toEqual([...Array(count).keys()]);
    for (const { images, mask, indices } of batches) {
      expect([images.length, mask.length]).toEqual([size * 2, size]);
      indices.forEach((index, i) => expect(images[i * 2]).toBe(index));
    }
  });
});

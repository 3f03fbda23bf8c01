import type { ImageBatch, ImageSource, ImageViews, TargetSource, WholeBatch } from '@anc/core';
import { describe, expect, it } from 'vitest';
import { LabeledLoader } from './labeled-loader.js';
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
const shifting: ImageViews = {
  id: 'shift',
  views: 4,
  read: (indices, views, out) =>
    indices.forEach((index, i) => out.set([index + views[i]!, 255 - index + views[i]!], i * 2)),
};

async function collect<T>(batches: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const batch of batches) all.push(batch);
  return all;
}
const indicesOf = (batches: readonly ImageBatch[]): number[] =>
  batches.flatMap(({ indices }) => [...indices]);

describe('Loader', () => {
  it('shows every image once, except for the rest of the last batch', async () => {
    const loader = new Loader(source(23), { batch: 5, seed: 1 });
    const batches = await collect(loader.epoch(0));
    expect(loader.batchesPerEpoch).toBe(4);
    expect(batches.map(({ images }) => images.length)).toEqual([10, 10, 10, 10]);
    const shown = indicesOf(batches);
    expect(new Set(shown).size).toBe(20);
    expect(shown).not.toEqual([...shown].sort((a, b) => a - b));
    const left = (epoch: number[]): number[] => [...Array(23).keys()].filter((i) => !epoch.includes(i));
    const next = indicesOf(await collect(loader.epoch(1)));
    expect(left(next)).not.toEqual(left(shown)); // another rest: no image is left out for good
  });

  it('returns the same bytes for the same seed and epoch, and others for others', async () => {
    const epoch = async (seed: number, n: number): Promise<ImageBatch[]> =>
      collect(new Loader(source(40), { batch: 8, seed, augmentation: shifting }).epoch(n));
    const first = await epoch(3, 2);
    expect(await epoch(3, 2)).toEqual(first);
    expect(await epoch(4, 2)).not.toEqual(first);
    expect(await epoch(3, 3)).not.toEqual(first);
  });

  it('continues from any batch as if it had not stopped', async () => {
    const loader = new Loader(source(40), { batch: 8, seed: 9, augmentation: shifting });
    const whole = await collect(loader.epoch(5));
    for (let from = 0; from <= 5; from++)
      expect(await collect(loader.epoch(5, from))).toEqual(whole.slice(from));
  });

  it('passes over few images again and again where the length of an epoch is given', async () => {
    const options = { batch: 4, batchesPerEpoch: 5, seed: 2, augmentation: shifting };
    const loader = new Loader(source(6), options);
    const epochs = [await collect(loader.epoch(0)), await collect(loader.epoch(1))];
    const shown = indicesOf(epochs.flat());
    expect(epochs.map((epoch) => epoch.length)).toEqual([5, 5]);
    for (let pass = 0; pass < 6; pass++) {
      expect([...shown.slice(6 * pass, 6 * pass + 6)].sort()).toEqual([0, 1, 2, 3, 4, 5]);
    }
    expect(shown.slice(0, 6)).not.toEqual(shown.slice(6, 12)); // an order of its own
    for (const { indices, views, images } of epochs.flat())
      indices.forEach((index, i) => expect(images[i * 2]).toBe((index + views[i]!) & 255));
    for (let from = 0; from <= 5; from++)
      expect(await collect(loader.epoch(1, from))).toEqual(epochs[1]!.slice(from));
    expect(await collect(new Loader(source(6), { ...options, seed: 3 }).epoch(0))).not.toEqual(epochs[0]);
    expect(() => new Loader(source(0), options)).toThrow(/fewer images/);
    expect(indicesOf(await collect(new Loader(source(1), options).epoch(0)))).toEqual(Array(20).fill(0));
  });

  it('reports the image and view of every row', async () => {
    const batches = await collect(
      new Loader(source(64), { batch: 16, seed: 0, augmentation: shifting }).epoch(0),
    );
    for (const { indices, views, images } of batches) {
      indices.forEach((index, i) => expect(images[i * 2]).toBe((index + views[i]!) & 255));
    }
    expect(new Set(batches.flatMap(({ views }) => [...views]))).toEqual(new Set([0, 1, 2, 3]));
  });

  it('shows another view in every epoch where there is no limit', async () => {
    const endless = { ...shifting, views: null };
    const loader = new Loader(source(16), { batch: 8, seed: 0, augmentation: endless });
    for (const epoch of [0, 6]) {
      for (const { views } of await collect(loader.epoch(epoch)))
        expect([...views]).toEqual(Array(8).fill(epoch + 1));
    }
  });

  it('reports what the views are of, and nothing to cache by where images are mixed within the batch', async () => {
    const seen: (WholeBatch | undefined)[] = [];
    const mixing: ImageViews = {
      ...shifting,
      mixesInBatch: true,
      read: (...[indices, views, out, batch]) => (seen.push(batch), shifting.read(indices, views, out)),
    };
    const epoch = (augmentation?: ImageViews) =>
      collect(
        new Loader(source(16), { batch: 8, seed: 7, ...(augmentation && { augmentation }) }).epoch(3, 1),
      );
    expect((await epoch())[0]).not.toHaveProperty('augmentation');
    expect((await epoch(shifting))[0]!.augmentation).toBe('shift');
    const [batch] = await epoch(mixing);
    expect(batch!.augmentation).toBeNull();
    expect(seen).toEqual([{ indices: batch!.indices, views: batch!.views, seed: 7, epoch: 3, step: 1 }]);
  });

  it('keeps the order when the augmentation changes', async () => {
    const plain = indicesOf(await collect(new Loader(source(40), { batch: 8, seed: 2 }).epoch(1)));
    const varied = new Loader(source(40), { batch: 8, seed: 2, augmentation: shifting });
    expect(indicesOf(await collect(varied.epoch(1)))).toEqual(plain);
  });

  it('returns the same with any number of prefetched batches, and uses no more memory than allowed', async () => {
    let [inUse, most] = [0, 0];
    const slow: ImageSource = {
      ...source(64),
      async read(indices, out) {
        most = Math.max(most, ++inUse);
        await new Promise((done) => setTimeout(done, indices[0]! % 3));
        await source(64).read(indices, out);
        inUse--;
      },
    };
    const epoch = (prefetchMb?: number): Promise<ImageBatch[]> =>
      collect(
        new Loader(slow, { batch: 8, seed: 3, ...(prefetchMb === undefined ? {} : { prefetchMb }) }).epoch(0),
      );
    const one = await epoch(0);
    for (const prefetchMb of [16 / 2 ** 20, 48 / 2 ** 20, undefined])
      expect(await epoch(prefetchMb)).toEqual(one);
    expect(most).toBe(1); // read one after the other: each batch is decoded by all cores
    let made = 0;
    const counted: ImageSource = {
      ...source(64),
      read: (indices, out) => (made++, source(64).read(indices, out)),
    };
    const batches = new Loader(counted, { batch: 8, seed: 3, prefetchMb: 32 / 2 ** 20 }).epoch(0);
    await batches.next();
    await new Promise((done) => setTimeout(done, 20));
    expect(made).toBe(3); // the one in use and two of 16 bytes in advance
    await batches.return(undefined);
  });

  it('knows on every rank which one prepares an image', async () => {
    const options = { batch: 5, seed: 2, augmentation: shifting };
    const loaders = [0, 1].map((rank) => new Loader(source(23), { ...options, rank: { rank, ranks: 2 } }));
    const shown = new Set<number>();
    for (const [rank, loader] of loaders.entries()) {
      for (const { indices, views } of await collect(loader.epoch(3))) {
        indices.forEach((image, row) => {
          expect(loaders.map((any) => any.rankOf(3)(image, views[row]!))).toEqual([rank, rank]);
          shown.add(image);
        });
      }
    }
    const left = [...Array(23).keys()].filter((image) => !shown.has(image));
    expect(left.map((image) => loaders[0]!.rankOf(3)(image, 0))).toEqual(left.map((image) => image % 2));
  });

  it('gives every rank its rows of the batches that one alone has', async () => {
    const options = { batch: 5, seed: 6, augmentation: shifting };
    const whole = await collect(new Loader(source(23), options).epoch(3));
    const loaders = [0, 1].map((rank) => new Loader(source(23), { ...options, rank: { rank, ranks: 2 } }));
    expect(loaders.map(({ rows }) => rows)).toEqual([
      { start: 0, count: 2 },
      { start: 2, count: 3 },
    ]);
    const [one, other] = await Promise.all(loaders.map((loader) => collect(loader.epoch(3))));
    const joined = one!.map((batch, b) => ({
      indices: Int32Array.of(...batch.indices, ...other![b]!.indices),
      views: Int32Array.of(...batch.views, ...other![b]!.views),
      images: Uint8Array.of(...batch.images, ...other![b]!.images),
      augmentation: 'shift',
    }));
    expect(joined).toEqual(whole);
    expect(() => new Loader(source(23), { ...options, rank: { rank: 0, ranks: 6 } })).toThrow(/more ranks/);
  });

  it('refuses a batch size above the number of images', () => {
    expect(() => new Loader(source(7), { batch: 8, seed: 0 })).toThrow(/fewer images/);
    expect(() => new Loader(source(7), { batch: 0, seed: 0 })).toThrow(/at least one/);
  });
});

describe('LabeledLoader', () => {
  const targetsFor = (values: Int32Array): TargetSource => ({
    shape: [],
    read: (indices, out) => out.set(indices.map((i) => values[i]!)),
  });
  const labels = (count: number): Int32Array => Int32Array.from({ length: count }, (_, i) => (i * 3) % 10);

  it('returns the batches of Loader with the label of each image', async () => {
    const options = { batch: 8, seed: 4, augmentation: shifting };
    const plain = await collect(new Loader(source(30), options).epoch(2));
    const labeled = await collect(new LabeledLoader(source(30), targetsFor(labels(30)), options).epoch(2));
    labeled.forEach(({ labels: given, ...batch }, b) => {
      expect(batch).toEqual(plain[b]);
      expect(given).toEqual(batch.indices.map((i) => (i * 3) % 10));
    });
    expect(labeled.length).toBe(plain.length);
  });

  it('returns the targets of each image, one after the other, where they have a shape', async () => {
    const targets: TargetSource = {
      shape: [2],
      read: (indices, out) => indices.forEach((index, i) => out.set([index, -index], 2 * i)),
    };
    const [first] = await collect(new LabeledLoader(source(30), targets, { batch: 8, seed: 4 }).epoch(0));
    expect([...first!.labels]).toEqual([...first!.indices].flatMap((index) => [index, -index]));
  });
});

import type { BatchSource, ImageBatch } from '@anc/core';
import { describe, expect, it } from 'vitest';
import { mixedBatches } from './mixup.js';

const COUNT = 64;
const plain: BatchSource = {
  stepsPerEpoch: 3,
  shape: [1, 1, 2],
  *epoch(_epoch, from) {
    for (let step = from; step < 3; step++) {
      // Half the images are black, half white.
      const images = Uint8Array.from({ length: COUNT * 2 }, (_, i) => (i < COUNT ? 0 : 255));
      yield {
        indices: Int32Array.from({ length: COUNT }, (_, i) => i),
        views: new Int32Array(COUNT),
        images,
      };
    }
  },
};

async function drawn(alpha: number, epoch: number, from: number, seed = 1): Promise<ImageBatch[]> {
  const batches: ImageBatch[] = [];
  for await (const batch of mixedBatches(plain, { alpha, seed }).epoch(epoch, from)) batches.push(batch);
  return batches;
}

const bytes = (batches: readonly ImageBatch[]): number[][] => batches.map(({ images }) => [...images]);

describe('mixedBatches', () => {
  it('mixes whole images: all pixels of one by the same share', async () => {
    const [{ images }] = (await drawn(1, 0, 0)) as [ImageBatch];
    const pairs = Array.from({ length: COUNT }, (_, i) => [images[2 * i]!, images[2 * i + 1]!]);
    expect(pairs.every(([a, b]) => a === b)).toBe(true);
    expect(new Set(pairs.map(([a]) => a)).size).toBeGreaterThan(10);
    const mean = images.reduce((sum, byte) => sum + byte, 0) / images.length;
    expect(Math.abs(mean - 127.5)).toBeLessThan(30);
  });

  it('stays close to single images for a small α', async () => {
    const far = async (alpha: number): Promise<number> => {
      const all = bytes(await drawn(alpha, 0, 0)).flat();
      return all.filter((byte) => byte > 40 && byte < 215).length / all.length;
    };
    expect(await far(0.1)).toBeLessThan((await far(1)) / 2);
  });

  it('depends on seed, epoch and step alone, wherever in the epoch it starts', async () => {
    const whole = bytes(await drawn(1, 2, 0));
    expect(bytes(await drawn(1, 2, 1))).toEqual(whole.slice(1));
    expect(bytes(await drawn(1, 3, 0))[0]).not.toEqual(whole[0]);
    expect(bytes(await drawn(1, 2, 0, 9))[0]).not.toEqual(whole[0]);
    expect(whole[0]).not.toEqual(whole[1]);
  });

  it('gives a rank its rows of the batches that one alone has', async () => {
    const batchesOf = async (rows?: { start: number; count: number }): Promise<ImageBatch[]> => {
      const source = mixedBatches(plain, { alpha: 0.4, seed: 2, ...(rows && { rows }) });
      expect(source.offset).toBe(rows?.start ?? 0);
      const batches: ImageBatch[] = [];
      for await (const batch of source.epoch(1, 0)) batches.push(batch);
      return batches;
    };
    const whole = await batchesOf();
    const one = await batchesOf({ start: 0, count: 20 });
    const other = await batchesOf({ start: 20, count: 44 });
    expect(one.map(({ images }, b) => [...images, ...other[b]!.images])).toEqual(bytes(whole));
    expect(one.map(({ indices }, b) => [...indices, ...other[b]!.indices])).toEqual(
      whole.map(({ indices }) => [...indices]),
    );
  });
});

import type { HostTensor, Normalization } from '@anc/core';
import { MemoryImages } from '@anc/datasets';
import { describe, expect, it } from 'vitest';
import type { OpenedImages } from '../classifier/images.js';
import { calibrationFeeds } from './int8.js';
import type { ExportSource } from './source.js';

/** 20 images of 1×2 pixels with three channels: 0, 1, 2, … */
const shape = [1, 2, 3] as const;
const pixels = Uint8Array.from({ length: 20 * 6 }, (_, i) => i);
const images = {
  dataset: {
    shape,
    split: () => Promise.resolve({ images: new MemoryImages(pixels, shape), labels: null }),
  },
  seed: 1,
} as unknown as OpenedImages;

interface Shaped {
  readonly foldNormalization?: boolean;
  readonly layout?: 'nhwc' | 'nchw';
  readonly input?: readonly number[];
}

async function feeds(
  normalization: Normalization | null,
  { foldNormalization = false, layout = 'nhwc', input = shape }: Shaped = {},
) {
  const source = { normalization, environment: { input, classes: 2 } } as unknown as ExportSource;
  const options = { foldNormalization, layout, features: false };
  const all: HostTensor[] = [];
  for await (const feed of calibrationFeeds(source, options, images, 20)) all.push(feed['images']!);
  return all;
}

describe('calibrationFeeds', () => {
  it('are bytes in batches where the normalization is inside', async () => {
    const [first, second] = await feeds(null, { foldNormalization: true });
    expect([first!.shape, second!.shape]).toEqual([
      [16, 1, 2, 3],
      [4, 1, 2, 3],
    ]);
    expect(first!.data).toBeInstanceOf(Uint8Array);
    expect(first!.data.slice(0, 6)).toEqual(pixels.slice(0, 6));
  });

  it.each([
    ['for each channel', [2, 4, 8]],
    ['for all channels', [4]],
  ])('are normalized by a deviation %s', async (_what, std) => {
    const [first] = await feeds({ mean: [0, 1, 2], std });
    const expected = [0, 0, 0, 3, 3, 3].map((value, i) => value / std[i % std.length]!);
    expect([...first!.data.slice(0, 6)]).toEqual(expected);
  });

  it('have planes of channels where the model takes them', async () => {
    const [first] = await feeds(null, { foldNormalization: true, layout: 'nchw' });
    expect(first!.shape).toEqual([16, 3, 1, 2]);
    expect([...first!.data.slice(0, 6)]).toEqual([0, 3, 1, 4, 2, 5]);
  });

  it('are refused without a normalization, and for images of another size', async () => {
    await expect(feeds(null)).rejects.toMatchObject({ code: 'ANC_EXPORT' });
    await expect(feeds('per-image')).rejects.toMatchObject({ code: 'ANC_EXPORT' });
    const other = feeds(null, { foldNormalization: true, input: [2, 2, 3] });
    await expect(other).rejects.toMatchObject({ detail: { expected: '2×2×3', received: '1×2×3' } });
  });
});

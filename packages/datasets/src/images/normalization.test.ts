import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryImages } from './memory-images.js';
import { measureMeanImage, measureNormalization } from './normalization.js';

describe('measureNormalization', () => {
  it('gives mean and deviation per channel in byte units', async () => {
    const images = new MemoryImages(Uint8Array.of(0, 10, 255, 10, 0, 10, 255, 10), [1, 2, 2]);
    const { mean, std } = await measureNormalization(images);
    expect(mean).toEqual([127.5, 10]);
    expect(std).toEqual([127.5, 1]); // a channel that never changes
  });

  it('agrees with the textbook over more images than are read at once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 3000 }), async (bytes) => {
        const { mean, std } = await measureNormalization(new MemoryImages(bytes, [1, 1, 1]));
        const expected = bytes.reduce((a, b) => a + b, 0) / bytes.length;
        const variance = bytes.reduce((a, b) => a + (b - expected) ** 2, 0) / bytes.length;
        expect(mean[0]).toBeCloseTo(expected, 8);
        expect(std[0]).toBeCloseTo(variance > 0 ? Math.sqrt(variance) : 1, 8);
      }),
    );
  });
});

describe('measureMeanImage', () => {
  it('averages each pixel, and measures what is left per channel', async () => {
    const images = new MemoryImages(Uint8Array.of(10, 0, 30, 7, 20, 0, 50, 7), [1, 2, 2]);
    const { mean, std } = await measureMeanImage(images);
    expect(mean).toEqual([15, 0, 40, 7]);
    // channel 0 is off by 5 and 10, channel 1 never changes
    expect(std[0]).toBeCloseTo(Math.sqrt((25 + 100) / 2), 10);
    expect(std[1]).toBe(1);
  });
});

it('decodes ten thousand of many pictures, spread over all', async () => {
  const asked = new Set<number>();
  const source = {
    count: 40_000,
    shape: [1, 1, 1] as const,
    fingerprint: 'many',
    crops: { id: 'crops', views: 2, read: () => undefined },
    read: (indices: Int32Array, out: Uint8Array) =>
      indices.forEach((index, i) => {
        asked.add(index);
        out[i] = index < 20_000 ? 10 : 30;
      }),
  };
  expect((await measureNormalization(source)).mean).toEqual([20]);
  expect(asked.size).toBe(10_000);
});

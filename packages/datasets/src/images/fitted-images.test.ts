import { describe, expect, it } from 'vitest';
import { FittedImages } from './fitted-images.js';
import { MemoryImages, type ImageShape } from './memory-images.js';

const ramp = (count: number, shape: ImageShape): MemoryImages =>
  new MemoryImages(
    Uint8Array.from({ length: count * shape[0] * shape[1] * shape[2] }, (_, i) => i % 251),
    shape,
  );

async function read(images: FittedImages, ...indices: number[]): Promise<number[]> {
  const [height, width, channels] = images.shape;
  const out = new Uint8Array(indices.length * height * width * channels).fill(255);
  await images.read(Int32Array.from(indices), out);
  return [...out];
}

describe('FittedImages', () => {
  it('cuts out the center, image by image', async () => {
    const images = new FittedImages(ramp(2, [4, 4, 1]), [2, 2, 1], 'crop');
    expect(await read(images, 1, 0)).toEqual([21, 22, 25, 26, 5, 6, 9, 10]);
  });

  it('resizes the largest centered part of the same proportions', async () => {
    const wide = new MemoryImages(Uint8Array.of(9, 0, 2, 9, 9, 4, 6, 9), [2, 4, 1]);
    expect(await read(new FittedImages(wide, [2, 2, 1], 'resize'), 0)).toEqual([0, 2, 4, 6]);
    expect(await read(new FittedImages(wide, [1, 1, 1], 'resize'), 0)).toEqual([3]);
    const larger = await read(new FittedImages(wide, [4, 4, 1], 'resize'), 0);
    expect([Math.min(...larger), Math.max(...larger)]).toEqual([0, 6]);
  });

  it('turns color into luma and repeats gray', async () => {
    const color = new MemoryImages(Uint8Array.of(255, 0, 0, 0, 255, 0), [1, 2, 3]);
    expect(await read(new FittedImages(color, [1, 2, 1], 'crop'), 0)).toEqual([76, 150]);
    const gray = new MemoryImages(Uint8Array.of(7, 8), [1, 2, 1]);
    expect(await read(new FittedImages(gray, [1, 2, 3], 'crop'), 0)).toEqual([7, 7, 7, 8, 8, 8]);
  });

  it('has a fingerprint of source, shape and fit, and the sample keys of its source', () => {
    const source = ramp(2, [4, 4, 1]);
    const others = [
      new FittedImages(source, [2, 2, 1], 'crop'),
      new FittedImages(source, [2, 2, 1], 'resize'),
      new FittedImages(source, [3, 3, 1], 'resize'),
      new FittedImages(ramp(3, [4, 4, 1]), [3, 3, 1], 'resize'),
    ];
    expect(new Set(others.map(({ fingerprint }) => fingerprint)).size).toBe(4);
    expect(others[0]!.sampleKey).toBeUndefined();
    const keyed = Object.assign(ramp(2, [4, 4, 1]), { sampleKey: (i: number) => `image ${i}` });
    expect(new FittedImages(keyed, [2, 2, 1], 'crop').sampleKey!(1)).toBe('image 1');
  });

  it('refuses a crop that is larger than the images, and channels that it cannot convert', () => {
    expect(() => new FittedImages(ramp(1, [2, 2, 1]), [3, 2, 1], 'crop')).toThrow(/smaller than the crop/);
    expect(() => new FittedImages(ramp(1, [2, 2, 4]), [2, 2, 1], 'crop')).toThrow(/4 channels cannot/);
  });
});

import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { DecodedImages } from './decoded-images.js';
import { RememberedPixels } from './remembered-pixels.js';

describe('remembered pixels', () => {
  it('are those of the image, until more do not fit', () => {
    const pixels = new RememberedPixels(3, 2, 6);
    expect(pixels.get(1)).toBeNull();
    pixels.set(1, Uint8Array.of(7, 8));
    pixels.set(0, Uint8Array.of(0, 0));
    expect(pixels.get(1)).toEqual(Uint8Array.of(7, 8));
    expect(pixels.get(0)).toEqual(Uint8Array.of(0, 0));
    expect(pixels.get(2)).toBeNull();
  });

  it('are none where not all images fit', () => {
    const pixels = new RememberedPixels(4, 2, 6);
    pixels.set(1, Uint8Array.of(7, 8));
    expect(pixels.get(1)).toBeNull();
  });
});

describe('decoded images', () => {
  const read: number[] = [];
  const png = (gray: number) =>
    sharp(Buffer.alloc(16, gray), { raw: { width: 4, height: 4, channels: 1 } })
      .png()
      .toBuffer();
  const encoded = {
    count: 2,
    name: (index: number) => `${index}.png`,
    size: () => 1,
    place: (index: number) => `/${index}.png`,
    version: '1',
    read: (index: number) => {
      read.push(index);
      return png(10 + index);
    },
  };
  const crops = { scale: [0.5, 1] as const, ratio: [1, 1] as const, flip: false, views: 4, seed: 1 };

  it('are read once as they are, and for every crop', async () => {
    const images = new DecodedImages(encoded, [4, 4, 1], crops);
    const out = new Uint8Array(32);
    for (let pass = 0; pass < 3; pass++) {
      await images.read(Int32Array.of(1, 0), out.fill(0));
      expect([out[0], out[16]]).toEqual([11, 10]);
    }
    expect(read.sort()).toEqual([0, 1]);
    await images.crops.read(Int32Array.of(0, 1), Int32Array.of(1, 0), out);
    await images.crops.read(Int32Array.of(0, 1), Int32Array.of(1, 0), out);
    expect(read.sort()).toEqual([0, 0, 0, 1]);
  });
});

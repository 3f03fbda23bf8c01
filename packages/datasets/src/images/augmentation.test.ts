import { type Augmentation } from '@anc/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { noAugmentation, padCropFlip } from './augmentation.js';

const SHAPE = [5, 4, 2] as const;
const image = Uint8Array.from({ length: 40 }, (_, i) => i + 1); // no zero: zeros are padding
const draw = (augmentation: Augmentation, view: number): Uint8Array => {
  const out = new Uint8Array(40).fill(99);
  augmentation.render(image, SHAPE, view, out);
  return out;
};

describe('padCropFlip', () => {
  it('has (2·pad + 1)² · 2 different views, the plain image first', () => {
    const augmentation = padCropFlip({ pad: 2 });
    expect(augmentation.views).toBe(50);
    const views = Array.from({ length: 50 }, (_, view) => draw(augmentation, view).join());
    expect(new Set(views).size).toBe(50);
    expect(views[0]).toBe(image.join());
    expect(padCropFlip().views).toBe(162);
    expect(padCropFlip({ flip: false }).views).toBe(81);
  });

  it('moves, mirrors and pads, and no more: every view is a crop of the padded image', () => {
    const [height, width, channels] = SHAPE;
    const at = (y: number, x: number, c: number): number =>
      y < 0 || x < 0 || y >= height || x >= width ? 0 : image[(y * width + x) * channels + c]!;
    const crops = new Set<string>();
    for (const mirrored of [false, true]) {
      for (let dy = -3; dy <= 3; dy++) {
        for (let dx = -3; dx <= 3; dx++) {
          const crop: number[] = [];
          for (let y = 0; y < height; y++) {
            for (let x = 0; x < width; x++) {
              const column = mirrored ? width - 1 - x : x;
              for (let c = 0; c < channels; c++) crop.push(at(y + dy, column + dx, c));
            }
          }
          crops.add(crop.join());
        }
      }
    }
    const augmentation = padCropFlip({ pad: 3 });
    for (let view = 0; view < augmentation.views; view++)
      expect(crops).toContain(draw(augmentation, view).join());
  });

  it('keeps K fixed views, the first of all of them, and says so in its id', () => {
    const [all, eight] = [padCropFlip({ pad: 2 }), padCropFlip({ pad: 2, views: 8 })];
    expect(eight.views).toBe(8);
    for (let view = 0; view < 8; view++) expect(draw(eight, view)).toEqual(draw(all, view));
    expect(eight.id).not.toBe(all.id);
    expect(padCropFlip({ pad: 2, flip: false }).id).not.toBe(all.id);
  });

  it('survives a pad larger than the image', () => {
    const augmentation = padCropFlip({ pad: 8 });
    fc.assert(
      fc.property(fc.nat(augmentation.views - 1), (view) => {
        const known = new Set([0, ...image]);
        expect(draw(augmentation, view).every((byte) => known.has(byte))).toBe(true);
      }),
    );
  });

  it('refuses views that it does not have', () => {
    expect(() => draw(padCropFlip({ pad: 1 }), 18)).toThrow(/no such view/);
    expect(() => padCropFlip({ pad: 0, views: 3 })).toThrow(/more views/);
  });
});

describe('noAugmentation', () => {
  it('leaves the image as it is', () => expect(draw(noAugmentation, 0)).toEqual(image));
});

import type { ImageAugmentation } from '@anc/core';
import { z } from 'zod';
import { declareAugmentation, idOf, probability } from './declare.js';

interface Flip {
  readonly mirrored: boolean;
}

/** torchvision's RandomHorizontalFlip. */
export const flip = declareAugmentation({
  summary: 'mirrors images left to right',
  options: z.strictObject({ p: probability.default(0.5).describe('probability that an image is mirrored') }),
  create({ p }, { shape: [height, width, channels] }): ImageAugmentation<Flip> {
    return {
      id: idOf('flip', { p }),
      draw: (rng) => ({ mirrored: rng.bernoulli(p) }),
      apply(image, { mirrored }, out) {
        if (!mirrored) {
          out.set(image);
          return;
        }
        const row = width * channels;
        for (let y = 0, from = 0; y < height; y++) {
          for (let to = (y + 1) * row - channels; to >= y * row; to -= channels) {
            for (let c = 0; c < channels; c++) out[to + c] = image[from++]!;
          }
        }
      },
      ...(p === 0.5 && { finite: { records: [{ mirrored: false }, { mirrored: true }], plain: 0 } }),
    };
  },
});

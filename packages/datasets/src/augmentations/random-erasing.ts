import { Rng, type ImageAugmentation } from '@anc/core';
import { z } from 'zod';
import type { Region } from '../pixels/resize.js';
import { declareAugmentation, idOf, interval, probability } from './declare.js';

/** The erased region, with the seed of its bytes where these are random. */
type Erasure = Region & { readonly noise?: number };

/** torchvision's RandomErasing (Zhong et al. 2017): ten attempts for a region that fits, else the image stays. */
export const randomErasing = declareAugmentation({
  summary: 'replaces a random region by one value or by noise',
  options: z.strictObject({
    p: probability.default(0.5).describe('probability that a region is erased'),
    scale: interval(z.number().min(0).max(1))
      .default([0.02, 0.33])
      .describe('area of the region, as a share of the image'),
    ratio: interval(z.number().gt(0)).default([0.3, 3.3]).describe('height / width of the region'),
    value: z
      .union([z.int().min(0).max(255), z.literal('random')])
      .default(0)
      .describe('byte that the region is filled with; random: noise'),
  }),
  create(options, { shape: [height, width, channels] }): ImageAugmentation<Erasure> {
    const { p, scale, ratio, value } = options;
    const [low, high] = [Math.log(ratio[0]), Math.log(ratio[1])];
    return {
      id: idOf('random-erasing', options),
      draw(rng) {
        if (!rng.bernoulli(p)) return null;
        for (let attempt = 0; attempt < 10; attempt++) {
          const area = height * width * (scale[0] + (scale[1] - scale[0]) * rng.uniform());
          const aspect = Math.exp(low + (high - low) * rng.uniform());
          const h = Math.round(Math.sqrt(area * aspect));
          const w = Math.round(Math.sqrt(area / aspect));
          if (h >= height || w >= width) continue;
          const region = { top: rng.int(height - h + 1), left: rng.int(width - w + 1), height: h, width: w };
          return value === 'random' ? { ...region, noise: rng.int(2 ** 31) } : region;
        }
        return null;
      },
      apply(image, { top, left, height: h, width: w, noise }, out) {
        out.set(image);
        const rng = noise === undefined ? null : Rng.fromSeed(noise);
        for (let y = top; y < top + h; y++) {
          const start = (y * width + left) * channels;
          if (rng === null) out.fill(value as number, start, start + w * channels);
          else for (let i = start; i < start + w * channels; i++) out[i] = rng.int(256);
        }
      },
    };
  },
});

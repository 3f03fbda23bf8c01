import type { ImageAugmentation } from '@anc/core';
import { z } from 'zod';
import { gaussianBlur } from '../pixels/filter.js';
import { declareAugmentation, idOf, interval, probability } from './declare.js';

/** torchvision's GaussianBlur; with `p` below 1, as RandomApply has it. */
export const blur = declareAugmentation({
  summary: 'blurs by a Gaussian filter of random width',
  options: z.strictObject({
    kernel: z
      .int()
      .min(1)
      .max(63)
      .refine((size) => size % 2 === 1, 'expected an odd number')
      .default(3)
      .describe('height and width of the filter in pixels, odd'),
    sigma: interval(z.number().gt(0))
      .default([0.1, 2])
      .describe('[smallest, largest] standard deviation in pixels'),
    p: probability.default(1).describe('probability that an image is blurred'),
  }),
  create({ kernel, sigma, p }, { shape }): ImageAugmentation<{ readonly sigma: number }> {
    return {
      id: idOf('blur', { kernel, sigma, p }),
      draw: (rng) => (rng.bernoulli(p) ? { sigma: sigma[0] + (sigma[1] - sigma[0]) * rng.uniform() } : null),
      apply: (image, drawn, out) => gaussianBlur(image, shape, kernel, drawn.sigma, out),
    };
  },
});

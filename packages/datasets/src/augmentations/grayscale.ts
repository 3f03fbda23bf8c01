import type { ImageAugmentation } from '@anc/core';
import { z } from 'zod';
import { grayscale as toGray } from '../pixels/color.js';
import { declareAugmentation, idOf, probability } from './declare.js';

/** torchvision's RandomGrayscale. */
export const grayscale = declareAugmentation({
  summary: 'takes the color out of images; those without color stay',
  options: z.strictObject({ p: probability.default(0.1).describe('probability that an image is changed') }),
  create({ p }, { shape }): ImageAugmentation<Record<string, never>> {
    return {
      id: idOf('grayscale', { p }),
      draw: (rng) => (rng.bernoulli(p) ? {} : null),
      apply: (image, _, out) => toGray(image, shape, out),
    };
  },
});

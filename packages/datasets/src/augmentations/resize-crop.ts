import type { ImageAugmentation } from '@anc/core';
import { z } from 'zod';
import { resizedCrop, type Region } from '../pixels/resize.js';
import { declareAugmentation, idOf, interval } from './declare.js';
import { drawRegion } from './region.js';

/**
 * torchvision's RandomResizedCrop, bilinear with antialiasing. As the first of a list, a source that decodes larger
 * pictures crops these instead of the resized image.
 */
export const resizeCrop = declareAugmentation({
  summary: 'crops a region of random area and aspect ratio, and resizes it (bilinear)',
  options: z.strictObject({
    scale: interval(z.number().gt(0).max(1))
      .default([0.08, 1])
      .describe('area of the crop, as a share of the image'),
    ratio: interval(z.number().gt(0))
      .default([3 / 4, 4 / 3])
      .describe('width / height of the crop'),
  }),
  create(distribution, { shape }): ImageAugmentation<Region> {
    const [height, width] = shape;
    return {
      id: idOf('resize-crop', distribution),
      draw: (rng) => drawRegion(rng, width, height, distribution),
      apply: (image, region, out) => resizedCrop(image, shape, region, out),
      whileDecoding: distribution,
    };
  },
});

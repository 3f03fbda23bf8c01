import type { MixingAugmentation } from '@anc/core';
import { z } from 'zod';
import { symmetricBeta } from './beta.js';
import { declareAugmentation, idOf } from './declare.js';

/**
 * Mixup (Zhang 2018) of images alone, as in function matching (Beyer 2022): a x + (1 - a) partner with a ~ Beta(α, α),
 * rounded to bytes. Teacher and student get the same bytes.
 */
export const mixup = declareAugmentation({
  summary: 'averages pairs of images, where training reads no labels',
  options: z.strictObject({
    alpha: z
      .number()
      .gt(0)
      .default(1)
      .describe("α of Beta(α, α), from which each image's share is drawn: 1 is uniform, less mixes less"),
  }),
  create({ alpha }): MixingAugmentation<{ readonly share: number }> {
    return {
      id: idOf('mixup', { alpha }),
      draw: (rng) => ({ share: symmetricBeta(alpha, rng) }),
      mix(image, partner, { share }, out) {
        for (let i = 0; i < image.length; i++)
          out[i] = Math.round(share * image[i]! + (1 - share) * partner[i]!);
      },
    };
  },
});

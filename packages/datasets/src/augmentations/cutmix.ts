import type { MixingAugmentation } from '@anc/core';
import { z } from 'zod';
import { symmetricBeta } from './beta.js';
import { declareAugmentation, idOf } from './declare.js';

/** The part that comes from the partner: rows y1 ≤ y < y2, columns x1 ≤ x < x2. */
interface Box {
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
}

/** CutMix (Yun 2019) of images alone; torchvision's distribution of the box. */
export const cutmix = declareAugmentation({
  summary: 'pastes a box of another image, where training reads no labels',
  options: z.strictObject({
    alpha: z.number().gt(0).default(1).describe('α of Beta(α, α), the share of the image that stays'),
  }),
  create({ alpha }, { shape: [height, width, channels] }): MixingAugmentation<Box> {
    return {
      id: idOf('cutmix', { alpha }),
      draw(rng) {
        const share = symmetricBeta(alpha, rng);
        const [x, y] = [rng.int(width), rng.int(height)];
        const half = 0.5 * Math.sqrt(1 - share);
        const [halfWidth, halfHeight] = [Math.trunc(half * width), Math.trunc(half * height)];
        return {
          x1: Math.max(0, x - halfWidth),
          y1: Math.max(0, y - halfHeight),
          x2: Math.min(width, x + halfWidth),
          y2: Math.min(height, y + halfHeight),
        };
      },
      mix(image, partner, { x1, y1, x2, y2 }, out) {
        out.set(image);
        for (let y = y1; y < y2; y++) {
          const [start, end] = [(y * width + x1) * channels, (y * width + x2) * channels];
          for (let i = start; i < end; i++) out[i] = partner[i]!;
        }
      },
    };
  },
});

import { AncError, type ImageAugmentation } from '@anc/core';
import { z } from 'zod';
import { applyOperation, drawOperation, magnitudesOf, type AutoOperation } from './auto-operations.js';
import { chained } from './chained.js';
import { declareAugmentation, idOf, interpolation } from './declare.js';

/** RandAugment (Cubuk 2020) with torchvision's operations and magnitudes. */
export const randAugment = declareAugmentation({
  summary: 'RandAugment: some random operations of one strength',
  options: z.strictObject({
    operations: z.int().min(1).max(14).default(2).describe('operations per image'),
    magnitude: z.int().min(0).default(9).describe('strength, from 0 to bins - 1'),
    bins: z.int().min(2).max(1001).default(31).describe('number of strengths'),
    interpolation,
  }),
  create(options, { shape }): ImageAugmentation<readonly AutoOperation[]> {
    const { operations, magnitude, bins, interpolation: mode } = options;
    if (magnitude >= bins) {
      throw new AncError('ANC_OPTIONS', 'option "magnitude" of augmentation "rand-augment" is too large.', {
        expected: `0 to ${bins - 1}, with bins=${bins}`,
        received: `${magnitude}`,
        cause: { path: ['magnitude'] },
      });
    }
    const translate = [(150 / 331) * shape[1], (150 / 331) * shape[0]] as const;
    const all = magnitudesOf({ shear: 0.3, translate, rotate: 30, color: 0.9, bits: 4 }, bins);
    return {
      id: idOf('rand-augment', options),
      draw: (rng) => Array.from({ length: operations }, () => drawOperation(all, rng, () => magnitude)),
      apply: (image, drawn, out) =>
        chained(
          image,
          drawn.map((operation) => (from, to) => applyOperation(from, shape, operation, mode, to)),
          out,
        ),
    };
  },
});

/** TrivialAugment (Müller 2021), wide, with torchvision's operations and magnitudes. */
export const trivialAugment = declareAugmentation({
  summary: 'TrivialAugment: one random operation of random strength',
  options: z.strictObject({
    bins: z.int().min(2).max(1001).default(31).describe('number of strengths'),
    interpolation,
  }),
  create({ bins, interpolation: mode }, { shape }): ImageAugmentation<AutoOperation> {
    const strengths = { shear: 0.99, translate: [32, 32], rotate: 135, color: 0.99, bits: 6 } as const;
    const all = magnitudesOf(strengths, bins);
    return {
      id: idOf('trivial-augment', { bins, interpolation: mode }),
      draw: (rng) => drawOperation(all, rng, () => rng.int(bins)),
      apply: (image, operation, out) => applyOperation(image, shape, operation, mode, out),
    };
  },
});

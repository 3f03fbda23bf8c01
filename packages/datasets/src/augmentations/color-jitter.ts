import type { ImageAugmentation } from '@anc/core';
import { z } from 'zod';
import { adjustBrightness, adjustContrast, adjustSaturation } from '../pixels/color.js';
import { adjustHue } from '../pixels/hue.js';
import { chained } from './chained.js';
import { declareAugmentation, idOf, interval, probability } from './declare.js';

type Range = readonly [number, number];

const factors = z
  .union([z.number().min(0), interval(z.number().min(0))])
  .nullable()
  .default(null);
const hues = z.union([z.number().min(0).max(0.5), interval(z.number().min(-0.5).max(0.5))]);

/** Adjustments by name, in the order in which torchvision numbers them. */
const ADJUSTMENTS = {
  brightness: adjustBrightness,
  contrast: adjustContrast,
  saturation: adjustSaturation,
  hue: adjustHue,
} as const;
type Adjustment = keyof typeof ADJUSTMENTS;

/** Adjustments in the order in which they are made, each with its factor, or the turn of the hue. */
type Jitter = readonly (readonly [Adjustment, number])[];

/** torchvision's ColorJitter: uniform factors, in random order. Images without color keep saturation and hue. */
export const colorJitter = declareAugmentation({
  summary: 'changes brightness, contrast, saturation and hue, in random order',
  options: z.strictObject({
    strength: z
      .number()
      .min(0)
      .default(0.4)
      .describe('1 ± this is the factor of brightness, contrast and saturation, where these are not set'),
    brightness: factors.describe('1 ± this, or [smallest, largest] factor; null: strength'),
    contrast: factors.describe('1 ± this, or [smallest, largest] factor; null: strength'),
    saturation: factors.describe('1 ± this, or [smallest, largest] factor; null: strength'),
    hue: hues.default(0).describe('± this share of the color circle, at most 0.5, or [smallest, largest]'),
    p: probability.default(1).describe('probability that an image is changed'),
  }),
  create(options, { shape }): ImageAugmentation<Jitter> {
    const { strength, hue, p } = options;
    const factorsOf = (value: number | Range | null): Range => {
      const given = value ?? strength;
      return typeof given === 'number' ? [Math.max(0, 1 - given), 1 + given] : given;
    };
    const ranges: readonly (readonly [Adjustment, Range])[] = [
      ['brightness', factorsOf(options.brightness)],
      ['contrast', factorsOf(options.contrast)],
      ['saturation', factorsOf(options.saturation)],
      ['hue', typeof hue === 'number' ? [-hue, hue] : hue],
    ];
    const changes = ranges.map(([name, [low, high]]) => low !== high || low !== (name === 'hue' ? 0 : 1));
    return {
      id: idOf('color-jitter', options),
      draw(rng) {
        if (!rng.bernoulli(p)) return null;
        const order = rng.permutation(ranges.length);
        const drawn = ranges.map(
          ([name, [low, high]]) => [name, low + (high - low) * rng.uniform()] as const,
        );
        return Array.from(order).flatMap((i) => (changes[i]! ? [drawn[i]!] : []));
      },
      apply: (image, jitter, out) =>
        chained(
          image,
          jitter.map(
            ([name, amount]) =>
              (from, to) =>
                ADJUSTMENTS[name](from, shape, amount, to),
          ),
          out,
        ),
    };
  },
});

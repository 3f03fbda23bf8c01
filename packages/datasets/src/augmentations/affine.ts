import type { ImageAugmentation, Rng } from '@anc/core';
import { z } from 'zod';
import {
  inverseAffine,
  resampleAffine,
  type AffineParameters,
  type Interpolation,
} from '../pixels/affine.js';
import { declareAugmentation, idOf, interpolation, interval } from './declare.js';

type Range = readonly [number, number];
type Shape = readonly [number, number, number];

const angle = z.number().min(-180).max(180);
/** A number stands for the range on both sides of zero. */
const angles = z.union([z.number().min(0).max(180), interval(angle)]);
const share = z.number().min(0).max(1);
const shares = z.union([share, z.tuple([share, share])]);
const factors = z.union([z.number().min(0).lt(1), interval(z.number().gt(0))]);

const rangeOf = (value: number | Range, center: number): Range =>
  typeof value === 'number' ? [center - value, center + value] : value;

/** Uniform in a range; a range of one number draws nothing. */
const within = (rng: Rng, [low, high]: Range): number => low + (high - low) * rng.uniform();

/** What is drawn from: angles in degrees, translation as a share of width and height. */
interface Ranges {
  readonly degrees: Range;
  readonly translate: readonly [number, number];
  readonly scale: Range;
  readonly shear: Range;
}

const STILL: Ranges = { degrees: [0, 0], translate: [0, 0], scale: [1, 1], shear: [0, 0] };

/** torchvision's RandomAffine: the order and the rounding of its draws; black outside of the image. */
function randomAffine(
  id: string,
  { degrees, translate, scale, shear }: Ranges,
  mode: Interpolation,
  shape: Shape,
): ImageAugmentation<AffineParameters> {
  const [height, width] = shape;
  return {
    id,
    draw(rng) {
      const turned = within(rng, degrees);
      const [x, y] = [translate[0] * width, translate[1] * height].map((most) =>
        Math.round(within(rng, [-most, most])),
      ) as [number, number];
      return {
        angle: turned,
        translate: [x, y],
        scale: within(rng, scale),
        shear: [within(rng, shear), 0],
      };
    },
    apply: (image, parameters, out) => resampleAffine(image, shape, inverseAffine(parameters), mode, out),
  };
}

export const affine = declareAugmentation({
  summary: 'rotates, moves, scales and shears at once',
  options: z.strictObject({
    degrees: angles.default(15).describe('rotation: ± this many degrees, or [smallest, largest]'),
    translate: shares.default(0).describe('translation: at most this share of width and height'),
    scale: factors.default(0).describe('size: 1 ± this, or [smallest, largest] factor'),
    shear: angles.default(0).describe('shear along x: ± this many degrees, or [smallest, largest]'),
    interpolation,
  }),
  create: ({ interpolation: mode, ...options }, { shape }) =>
    randomAffine(
      idOf('affine', { ...options, interpolation: mode }),
      {
        degrees: rangeOf(options.degrees, 0),
        translate: bothOf(options.translate),
        scale: rangeOf(options.scale, 1),
        shear: rangeOf(options.shear, 0),
      },
      mode,
      shape,
    ),
});

/** torchvision's RandomRotation, counterclockwise. */
export const rotate = declareAugmentation({
  summary: 'rotates around the center',
  options: z.strictObject({
    degrees: angles.default(15).describe('± this many degrees, or [smallest, largest]'),
    interpolation,
  }),
  create({ degrees, interpolation: mode }, { shape }) {
    const [low, high] = rangeOf(degrees, 0);
    const clockwise: Range = [-high, -low];
    return randomAffine(
      idOf('rotate', { degrees, interpolation: mode }),
      { ...STILL, degrees: clockwise },
      mode,
      shape,
    );
  },
});

export const scale = declareAugmentation({
  summary: 'enlarges or reduces around the center',
  options: z.strictObject({
    scale: factors.default(0.1).describe('1 ± this, or [smallest, largest] factor'),
    interpolation,
  }),
  create: ({ scale: given, interpolation: mode }, { shape }) =>
    randomAffine(
      idOf('scale', { scale: given, interpolation: mode }),
      { ...STILL, scale: rangeOf(given, 1) },
      mode,
      shape,
    ),
});

export const translate = declareAugmentation({
  summary: 'moves by whole pixels',
  options: z.strictObject({
    share: shares.default(0.1).describe('at most this share of width and height, or [of width, of height]'),
  }),
  create: ({ share: given }, { shape }) =>
    randomAffine(
      idOf('translate', { share: given }),
      { ...STILL, translate: bothOf(given) },
      'nearest',
      shape,
    ),
});

const bothOf = (value: number | Range): Range => (typeof value === 'number' ? [value, value] : value);

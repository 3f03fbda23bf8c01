import type { Rng } from '@anc/core';
import { inverseAffine, resampleAffine, type Interpolation } from '../pixels/affine.js';
import { adjustBrightness, adjustContrast, adjustSaturation } from '../pixels/color.js';
import { adjustSharpness } from '../pixels/filter.js';
import { roundHalfToEven } from '../pixels/round.js';
import { autoContrast, equalize, posterize, solarize } from '../pixels/tone.js';

type Shape = readonly [number, number, number];

/** One operation of RandAugment or TrivialAugment with its magnitude, in torchvision's units and with its sign. */
export interface AutoOperation {
  readonly operation: keyof typeof OPERATIONS;
  readonly magnitude: number;
}

type Apply = (
  image: Uint8Array,
  shape: Shape,
  magnitude: number,
  out: Uint8Array,
  interpolation: Interpolation,
) => void;

const degrees = (slope: number): number => (Math.atan(slope) * 180) / Math.PI;

/** Shears around the upper left corner, as AutoAugment's original code does. */
const shear =
  (axis: 0 | 1): Apply =>
  (image, shape, magnitude, out, interpolation) => {
    const turned = degrees(magnitude);
    const matrix = inverseAffine({
      angle: 0,
      translate: [0, 0],
      scale: 1,
      shear: axis === 0 ? [turned, 0] : [0, turned],
      center: [-0.5 * shape[1], -0.5 * shape[0]],
    });
    resampleAffine(image, shape, matrix, interpolation, out);
  };

const move =
  (axis: 0 | 1): Apply =>
  (image, shape, magnitude, out, interpolation) => {
    const pixels = Math.trunc(magnitude);
    const translate = axis === 0 ? ([pixels, 0] as const) : ([0, pixels] as const);
    const matrix = inverseAffine({ angle: 0, translate, scale: 1, shear: [0, 0] });
    resampleAffine(image, shape, matrix, interpolation, out);
  };

const OPERATIONS = {
  identity: (image, _shape, _magnitude, out) => out.set(image),
  'shear-x': shear(0),
  'shear-y': shear(1),
  'translate-x': move(0),
  'translate-y': move(1),
  rotate: (image, shape, magnitude, out, interpolation) => {
    const matrix = inverseAffine({ angle: -magnitude, translate: [0, 0], scale: 1, shear: [0, 0] });
    resampleAffine(image, shape, matrix, interpolation, out);
  },
  brightness: (image, shape, magnitude, out) => adjustBrightness(image, shape, 1 + magnitude, out),
  color: (image, shape, magnitude, out) => adjustSaturation(image, shape, 1 + magnitude, out),
  contrast: (image, shape, magnitude, out) => adjustContrast(image, shape, 1 + magnitude, out),
  sharpness: (image, shape, magnitude, out) => adjustSharpness(image, shape, 1 + magnitude, out),
  posterize: (image, shape, magnitude, out) => posterize(image, shape, magnitude, out),
  solarize: (image, shape, magnitude, out) => solarize(image, shape, 255 * magnitude, out),
  'auto-contrast': (image, shape, _magnitude, out) => autoContrast(image, shape, out),
  equalize: (image, shape, _magnitude, out) => equalize(image, shape, out),
} as const satisfies Record<string, Apply>;

export const applyOperation = (
  image: Uint8Array,
  shape: Shape,
  { operation, magnitude }: AutoOperation,
  interpolation: Interpolation,
  out: Uint8Array,
): void => OPERATIONS[operation](image, shape, magnitude, out, interpolation);

/** The largest magnitudes of a set of operations, and how many bits the strongest posterization takes away. */
export interface Strengths {
  readonly shear: number;
  /** In pixels, along x and y. */
  readonly translate: readonly [number, number];
  readonly rotate: number;
  readonly color: number;
  readonly bits: number;
}

/** An operation's magnitudes from the weakest to the strongest bin, and whether half of the draws are negated. */
interface Magnitudes {
  readonly operation: keyof typeof OPERATIONS;
  readonly bins: Float32Array | null;
  readonly signed: boolean;
}

/** The operations of RandAugment and TrivialAugment; both draw from the same ones. */
export function magnitudesOf(
  { shear: slope, translate, rotate, color, bits }: Strengths,
  bins: number,
): readonly Magnitudes[] {
  const signed = (operation: keyof typeof OPERATIONS, largest: number): Magnitudes => ({
    operation,
    bins: spaced(0, largest, bins),
    signed: true,
  });
  const kept = Float32Array.from({ length: bins }, (_, i) => roundHalfToEven(8 - (i * bits) / (bins - 1)));
  return [
    { operation: 'identity', bins: null, signed: false },
    signed('shear-x', slope),
    signed('shear-y', slope),
    signed('translate-x', translate[0]),
    signed('translate-y', translate[1]),
    signed('rotate', rotate),
    signed('brightness', color),
    signed('color', color),
    signed('contrast', color),
    signed('sharpness', color),
    { operation: 'posterize', bins: kept, signed: false },
    { operation: 'solarize', bins: spaced(1, 0, bins), signed: false },
    { operation: 'auto-contrast', bins: null, signed: false },
    { operation: 'equalize', bins: null, signed: false },
  ];
}

/** Evenly spaced values in single precision, counted from the nearer end as torch.linspace does. */
function spaced(start: number, end: number, count: number): Float32Array {
  const f32 = Math.fround;
  const step = f32(f32(f32(end) - f32(start)) / (count - 1));
  return Float32Array.from({ length: count }, (_, i) =>
    i < count >> 1 ? f32(start) + step * i : f32(end) - step * (count - 1 - i),
  );
}

/** Draws an operation, then its bin by `binOf`, then its sign. */
export function drawOperation(
  all: readonly Magnitudes[],
  rng: Rng,
  binOf: (rng: Rng) => number,
): AutoOperation {
  const { operation, bins, signed } = all[rng.int(all.length)]!;
  if (bins === null) return { operation, magnitude: 0 };
  const magnitude = bins[binOf(rng)]!;
  return { operation, magnitude: signed && rng.bernoulli(0.5) ? -magnitude : magnitude };
}

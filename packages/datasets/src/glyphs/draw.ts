import type { Rng } from '@anc/core';
import { drawStrokes } from './raster.js';
import { GLYPHS, GLYPH_CLASSES, type Stroke } from './shapes.js';

/** Side of an image in pixels. */
export const GLYPH_SIZE = 28;

/** How difficult the images are: upper bounds of what is drawn at random for each image. */
export interface Difficulty {
  /** Rotation in radians, in either direction. */
  readonly rotation: number;
  /** Shift of the center in pixels, in either direction. */
  readonly shift: number;
  /** Standard deviation of the displacement of each corner, in glyph units (a glyph spans 2). */
  readonly wobble: number;
  /** Standard deviation of the noise, in gray levels. */
  readonly noise: number;
  /** Number of stray strokes. */
  readonly clutter: number;
  /** Side of the occluded square, in pixels. */
  readonly occlusion: number;
  /** Smallest difference in gray levels between figure and background. */
  readonly contrast: number;
}

export const DEFAULT_DIFFICULTY: Difficulty = {
  rotation: 0.45,
  shift: 2.5,
  wobble: 0.08,
  noise: 30,
  clutter: 2,
  occlusion: 6,
  contrast: 80,
};

const between = (rng: Rng, low: number, high: number): number => low + (high - low) * rng.uniform();

/** Draws an image of class `label` into `out`, [28 × 28] gray bytes. A pure function of the state of `rng`. */
export function drawGlyph(rng: Rng, label: number, difficulty: Difficulty, out: Uint8Array): void {
  const size = GLYPH_SIZE;
  const coverage = new Float32Array(size * size);
  const pen = { halfWidth: between(rng, 0.6, 1.5), softness: between(rng, 0.8, 2) };
  const place = placement(rng, difficulty);
  drawStrokes(
    coverage,
    size,
    GLYPHS[GLYPH_CLASSES[label]!]!.map((stroke) => place(stroke)),
    pen,
  );
  drawStrokes(coverage, size, clutter(rng, difficulty, size), pen);
  occlude(rng, difficulty, coverage, size);
  shade(rng, difficulty, coverage, out);
}

/** Displaces each corner, bends the figure, then rotates, shears, scales and shifts it into pixels. */
function placement(rng: Rng, { rotation, shift, wobble }: Difficulty): (stroke: Stroke) => Stroke {
  const angle = between(rng, -rotation, rotation);
  const shear = between(rng, -0.25, 0.25);
  const [sx, sy] = [between(rng, 6, 10.5), between(rng, 6, 10.5)];
  const [cx, cy] = [
    between(rng, -shift, shift) + GLYPH_SIZE / 2 - 0.5,
    between(rng, -shift, shift) + GLYPH_SIZE / 2 - 0.5,
  ];
  const [bendX, bendY] = [between(rng, -0.25, 0.25), between(rng, -0.25, 0.25)];
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return (stroke) => {
    const points = stroke.slice();
    const dense = stroke.length > 12; // curves of many points get a quarter of the displacement
    for (let i = 0; i < points.length; i += 2) {
      const amount = dense ? wobble / 4 : wobble;
      const u = stroke[i]! + amount * rng.normal();
      const v = stroke[i + 1]! + amount * rng.normal();
      const x = (u + bendX * Math.cos(2.2 * v) + shear * v) * sx;
      const y = (v + bendY * Math.cos(2.2 * u)) * sy;
      points[i] = cx + cos * x - sin * y;
      points[i + 1] = cy + sin * x + cos * y;
    }
    return points;
  };
}

function clutter(rng: Rng, difficulty: Difficulty, size: number): Stroke[] {
  return Array.from({ length: rng.int(difficulty.clutter + 1) }, () => {
    const [x, y, angle, length] = [
      rng.uniform() * size,
      rng.uniform() * size,
      between(rng, 0, 2 * Math.PI),
      between(rng, 2, 8),
    ];
    return [x, y, x + length * Math.cos(angle), y + length * Math.sin(angle)];
  });
}

function occlude(rng: Rng, { occlusion }: Difficulty, coverage: Float32Array, size: number): void {
  const side = rng.int(occlusion + 1);
  const [left, top] = [rng.int(size - side + 1), rng.int(size - side + 1)];
  for (let y = top; y < top + side; y++) coverage.fill(0, y * size + left, y * size + left + side);
}

/** Renders a bright figure on a darker background, with a brightness gradient and noise. */
function shade(rng: Rng, { noise, contrast }: Difficulty, coverage: Float32Array, out: Uint8Array): void {
  const ground = between(rng, 0, 255 - contrast);
  const figure = between(rng, ground + contrast, 255);
  const [slopeX, slopeY] = [between(rng, -1.5, 1.5), between(rng, -1.5, 1.5)];
  const sigma = between(rng, 4, noise);
  const noises = new Float64Array(out.length);
  rng.normals(noises);
  for (let y = 0, i = 0; y < GLYPH_SIZE; y++) {
    for (let x = 0; x < GLYPH_SIZE; x++, i++) {
      const light = slopeX * (x - 13.5) + slopeY * (y - 13.5);
      const gray = ground + (figure - ground) * coverage[i]!;
      const value = gray + light + sigma * noises[i]!;
      out[i] = Math.max(0, Math.min(255, Math.round(value)));
    }
  }
}

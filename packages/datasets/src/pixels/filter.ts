import { roundHalfToEven } from './round.js';

type Shape = readonly [number, number, number];

/** Position of a reflected index: … 2 1 | 0 1 2 … n-1 | n-2 …, for an image of any size. */
function reflected(index: number, size: number): number {
  if (size === 1) return 0;
  const period = 2 * (size - 1);
  const at = ((index % period) + period) % period;
  return at < size ? at : period - at;
}

/** Weights of a Gaussian filter as torchvision has them: over ±(n - 1) / (2√2), not over whole pixels. */
function gaussianWeights(size: number, sigma: number): Float64Array {
  const limit = (size - 1) / (2 * Math.SQRT2);
  const weights = Float64Array.from({ length: size }, (_, i) => {
    const x = size === 1 ? 0 : -limit + (2 * limit * i) / (size - 1);
    return Math.exp(-((x / sigma) ** 2));
  });
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
}

/** Blurs by a Gaussian filter of `size` × `size` pixels, reflected at the borders. `size` is odd. */
export function gaussianBlur(
  image: Uint8Array,
  [height, width, channels]: Shape,
  size: number,
  sigma: number,
  out: Uint8Array,
): void {
  const weights = gaussianWeights(size, sigma);
  const half = size >> 1;
  const rows = new Float64Array(image.length);
  const columns = offsets(width, half, channels);
  for (let y = 0, at = 0; y < height; y++) {
    const start = y * width * channels;
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < channels; c++, at++) {
        let sum = 0;
        for (let k = 0; k < size; k++) sum += weights[k]! * image[start + columns[x + k]! + c]!;
        rows[at] = sum;
      }
    }
  }
  const row = width * channels;
  const lines = offsets(height, half, row);
  for (let y = 0, at = 0; y < height; y++) {
    for (let i = 0; i < row; i++, at++) {
      let sum = 0;
      for (let k = 0; k < size; k++) sum += weights[k]! * rows[lines[y + k]! + i]!;
      out[at] = roundHalfToEven(Math.fround(sum));
    }
  }
}

/** Where the values at positions -half … size - 1 + half begin, in steps of `stride`. */
const offsets = (size: number, half: number, stride: number): Int32Array =>
  Int32Array.from({ length: size + 2 * half }, (_, i) => reflected(i - half, size) * stride);

/**
 * Blends the inner pixels with a slight blur: factor 0 gives the blurred image, 1 the image, 2 a sharper one. Images of
 * two pixels or fewer on a side are copied.
 */
export function adjustSharpness(
  image: Uint8Array,
  [height, width, channels]: Shape,
  factor: number,
  out: Uint8Array,
): void {
  out.set(image);
  if (height <= 2 || width <= 2) return;
  const row = width * channels;
  const f32 = Math.fround;
  const share = f32(1 - factor);
  for (let y = 1; y < height - 1; y++) {
    for (let at = y * row + channels; at < (y + 1) * row - channels; at++) {
      let around = 4 * image[at]!;
      for (const line of [at - row, at, at + row]) {
        around += image[line - channels]! + image[line]! + image[line + channels]!;
      }
      const value = image[at]!;
      const blended = f32(value + share * (roundHalfToEven(f32(around / 13)) - value));
      out[at] = blended <= 0 ? 0 : blended >= 255 ? 255 : Math.trunc(blended);
    }
  }
}

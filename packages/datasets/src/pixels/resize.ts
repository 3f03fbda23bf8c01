import { roundHalfToEven } from './round.js';

type Shape = readonly [number, number, number];

/** A part of an image, in pixels. */
export interface Region {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/** What one output position is the weighted mean of. */
interface Taps {
  readonly first: number;
  readonly weights: Float64Array;
}

/** Triangular weights over a support that grows with the reduction: bilinear with antialiasing, as in Pillow. */
function tapsOf(from: number, to: number): Taps[] {
  const scale = from / to;
  const support = Math.max(1, scale);
  return Array.from({ length: to }, (_, i) => {
    const center = scale * (i + 0.5);
    const first = Math.max(0, Math.trunc(center - support + 0.5));
    const end = Math.min(from, Math.trunc(center + support + 0.5));
    const weights = Float64Array.from({ length: end - first }, (__, k) =>
      Math.max(0, 1 - Math.abs((k + first - center + 0.5) / support)),
    );
    const sum = weights.reduce((a, b) => a + b, 0);
    return { first, weights: weights.map((weight) => weight / sum) };
  });
}

/** Cuts a region out and resizes it to the image's own size: bilinear with antialiasing, rounded to bytes after each axis. */
export function resizedCrop(
  image: Uint8Array,
  [height, width, channels]: Shape,
  { top, left, height: tall, width: wide }: Region,
  out: Uint8Array,
): void {
  if (tall === height && wide === width) return out.set(image);
  const lines = new Uint8Array(tall * width * channels);
  const columns = tapsOf(wide, width);
  for (let y = 0, at = 0; y < tall; y++) {
    const start = ((top + y) * width + left) * channels;
    for (const { first, weights } of columns) {
      for (let c = 0; c < channels; c++, at++) {
        let sum = 0;
        let from = start + first * channels + c;
        for (let k = 0; k < weights.length; k++, from += channels) sum += weights[k]! * image[from]!;
        lines[at] = roundHalfToEven(sum);
      }
    }
  }
  const row = width * channels;
  let at = 0;
  for (const { first, weights } of tapsOf(tall, height)) {
    for (let i = 0; i < row; i++, at++) {
      let sum = 0;
      for (let k = 0; k < weights.length; k++) sum += weights[k]! * lines[(first + k) * row + i]!;
      out[at] = roundHalfToEven(sum);
    }
  }
}

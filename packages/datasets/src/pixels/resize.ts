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
  /** Whole numbers: shares of 2^precision. */
  readonly weights: Int32Array;
}

/** How an axis is resized: weights as 15-bit fixed-point numbers, as torchvision's kernel for bytes has them. */
interface Axis {
  readonly taps: readonly Taps[];
  readonly precision: number;
}

function axisOf(from: number, to: number): Axis {
  const exact = sharesOf(from, to);
  const largest = Math.max(...exact.map(({ shares }) => Math.max(...shares)));
  let precision = 0;
  while (precision < 22 && Math.trunc(0.5 + largest * 2 ** (precision + 1)) < 2 ** 15) precision++;
  const taps = exact.map(({ first, shares }) => ({
    first,
    weights: Int32Array.from(shares, (share) => Math.trunc(share * 2 ** precision + 0.5)),
  }));
  return { taps, precision };
}

/** Triangular weights over a support that grows with the reduction: bilinear with antialiasing, as in Pillow. */
function sharesOf(from: number, to: number): { readonly first: number; readonly shares: Float64Array }[] {
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
    return { first, shares: weights.map((weight) => weight / sum) };
  });
}

/** Cuts a region out and resizes it to the image's own size: bilinear with antialiasing, rounded to bytes after each axis. */
export const resizedCrop = (image: Uint8Array, shape: Shape, region: Region, out: Uint8Array): void =>
  resizedRegion(image, shape, region, shape, out);

/** Cuts a region out of an image and resizes it to another size, in the same way. */
export function resizedRegion(
  image: Uint8Array,
  [, width, channels]: Shape,
  { top, left, height: tall, width: wide }: Region,
  [outHeight, outWidth]: readonly [number, number, ...number[]],
  out: Uint8Array,
): void {
  const row = outWidth * channels;
  if (tall === outHeight && wide === outWidth) {
    for (let y = 0; y < tall; y++) {
      const start = ((top + y) * width + left) * channels;
      out.set(image.subarray(start, start + row), y * row);
    }
    return;
  }
  const lines = new Uint8Array(tall * row);
  const columns = axisOf(wide, outWidth);
  for (let y = 0, at = 0; y < tall; y++) {
    const start = ((top + y) * width + left) * channels;
    for (const { first, weights } of columns.taps) {
      for (let c = 0; c < channels; c++, at++) {
        let sum = 1 << (columns.precision - 1);
        let from = start + first * channels + c;
        for (let k = 0; k < weights.length; k++, from += channels) sum += weights[k]! * image[from]!;
        lines[at] = sum >> columns.precision;
      }
    }
  }
  let at = 0;
  const rows = axisOf(tall, outHeight);
  for (const { first, weights } of rows.taps) {
    for (let i = 0; i < row; i++, at++) {
      let sum = 1 << (rows.precision - 1);
      for (let k = 0; k < weights.length; k++) sum += weights[k]! * lines[(first + k) * row + i]!;
      out[at] = sum >> rows.precision;
    }
  }
}

import { fromFloat16 } from '@anc/core';

/** The largest number that a half-precision float holds. */
export const LARGEST_HALF = 65504;

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** IEEE 754 binary16 of a float32, rounded to nearest, ties to even; larger numbers become the largest. */
export function toHalf(value: number): number {
  float[0] = Math.max(-LARGEST_HALF, Math.min(LARGEST_HALF, value)); // NaN stays NaN
  const x = bits[0]!;
  const sign = (x >>> 16) & 0x8000;
  const exponent = (x >>> 23) & 0xff;
  const mantissa = x & 0x7fffff;
  if (exponent === 0xff) return sign | 0x7e00;
  const shifted = exponent - 112; // bias 127 -> 15
  if (shifted <= 0) {
    if (shifted < -10) return sign;
    return sign | rounded((mantissa | 0x800000) >>> 0, 14 - shifted);
  }
  return sign | rounded(((shifted << 23) | mantissa) >>> 0, 13); // a carry out of the mantissa raises the exponent
}

/** x >> shift, rounded to nearest, ties to even. */
function rounded(x: number, shift: number): number {
  const kept = x >>> shift;
  const rest = x & ((1 << shift) - 1);
  const half = 1 << (shift - 1);
  return rest > half || (rest === half && (kept & 1) === 1) ? kept + 1 : kept;
}

/** Rounds values in place to half precision; returns the largest change. */
export function roundToHalf(values: Float32Array): number {
  let most = 0;
  for (let i = 0; i < values.length; i++) {
    const before = values[i]!;
    const after = fromFloat16(toHalf(before));
    most = Math.max(most, Math.abs(after - before));
    values[i] = after;
  }
  return most;
}

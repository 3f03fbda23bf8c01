/** The largest finite number of half precision (IEEE 754 binary16). */
export const LARGEST_FLOAT16 = 65504;

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** The number of 16 bits of half precision: 1 sign, 5 exponent, 10 fraction. */
export function fromFloat16(half: number): number {
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 0) return (half & 0x8000 ? -1 : 1) * fraction * 2 ** -24;
  if (exponent === 31) return fraction !== 0 ? NaN : half & 0x8000 ? -Infinity : Infinity;
  bits[0] = ((half & 0x8000) << 16) | ((exponent + 112) << 23) | (fraction << 13); // bias 15 -> 127
  return float[0]!;
}

/** The number of 16 bits of bfloat16: the upper half of a float32. */
export function fromBfloat16(half: number): number {
  bits[0] = half << 16;
  return float[0]!;
}

/**
 * The half-precision bits of a number, rounded to nearest, ties to even. Numbers beyond `LARGEST_FLOAT16` become the
 * largest finite one of their sign.
 */
export function toFloat16(value: number): number {
  float[0] = Math.max(-LARGEST_FLOAT16, Math.min(LARGEST_FLOAT16, value)); // NaN stays NaN
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

/** Rounds values in place to half precision. Returns the largest absolute change. */
export function roundToFloat16(values: Float32Array): number {
  let most = 0;
  for (let i = 0; i < values.length; i++) {
    const before = values[i]!;
    const after = fromFloat16(toFloat16(before));
    most = Math.max(most, Math.abs(after - before));
    values[i] = after;
  }
  return most;
}

/** A table with the number of each of the 65,536 bit patterns, for long arrays: a lookup is faster than `read`. */
const lookup = (read: (half: number) => number): (() => Float32Array) => {
  let table: Float32Array | null = null;
  return () => (table ??= Float32Array.from({ length: 65_536 }, (_, half) => read(half)));
};

export const float16Table = lookup(fromFloat16);
export const bfloat16Table = lookup(fromBfloat16);

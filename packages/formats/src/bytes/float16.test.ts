import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bfloat16Table,
  float16Table,
  fromBfloat16,
  fromFloat16,
  LARGEST_FLOAT16,
  roundToFloat16,
  toFloat16,
} from './float16.js';

const HALVES = Array.from({ length: 0x10000 }, (_, half) => half);

describe('half precision', () => {
  it.each([
    [0, 0x0000],
    [-0, 0x8000],
    [1, 0x3c00],
    [-2, 0xc000],
    [65504, 0x7bff],
    [1e9, 0x7bff],
    [-Infinity, 0xfbff],
    [2 ** -14, 0x0400],
    [2 ** -24, 0x0001],
    [2 ** -26, 0x0000],
    [1 / 3, 0x3555],
    [2049, 0x6800], // a tie: to even
    [2051, 0x6802],
    [65519, 0x7bff],
  ])('%d', (value, half) => {
    expect(toFloat16(value)).toBe(half);
  });

  it('is (1 + fraction / 1024) · 2^(exponent - 15), and fraction · 2^-24 below', () => {
    const value = (half: number): number => {
      const sign = half & 0x8000 ? -1 : 1;
      const [exponent, fraction] = [(half >> 10) & 31, half & 1023];
      if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
      return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
    };
    expect(HALVES.filter((half) => !Object.is(fromFloat16(half), value(half)))).toEqual([]);
    expect(HALVES.filter((half) => !Object.is(float16Table()[half], value(half)))).toEqual([]);
  });

  it('reads back every half that is a number', () => {
    const numbers = HALVES.filter((half) => Number.isFinite(fromFloat16(half)));
    expect(numbers.length).toBe(0x10000 - 2 * 1024);
    expect(numbers.filter((half) => toFloat16(fromFloat16(half)) !== half)).toEqual([]);
    expect(fromFloat16(toFloat16(NaN))).toBeNaN();
  });

  it('changes a value by half a step at most', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, min: -60000, max: 60000 }), (value) => {
        const values = Float32Array.of(value);
        const change = roundToFloat16(values);
        expect(change).toBe(Math.abs(values[0]! - value));
        expect(change).toBeLessThanOrEqual(Math.max(Math.abs(value) * 2 ** -11, 2 ** -25));
      }),
    );
    expect(roundToFloat16(Float32Array.of(1e6))).toBe(1e6 - LARGEST_FLOAT16);
  });
});

it('bfloat16 is the upper half of a float32', () => {
  const value = (half: number): number => new Float32Array(Uint32Array.of(half << 16).buffer)[0]!;
  expect(HALVES.filter((half) => !Object.is(fromBfloat16(half), value(half)))).toEqual([]);
  expect(HALVES.filter((half) => !Object.is(bfloat16Table()[half], value(half)))).toEqual([]);
});

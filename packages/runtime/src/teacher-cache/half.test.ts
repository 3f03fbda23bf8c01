import { fromFloat16 } from '@anc/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LARGEST_HALF, roundToHalf, toHalf } from './half.js';

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
    expect(toHalf(value)).toBe(half);
  });

  it('reads back every half that is a number', () => {
    const numbers = Array.from({ length: 0x10000 }, (_, half) => half).filter((half) =>
      Number.isFinite(fromFloat16(half)),
    );
    expect(numbers.length).toBe(0x10000 - 2 * 1024);
    expect(numbers.filter((half) => toHalf(fromFloat16(half)) !== half)).toEqual([]);
    expect(fromFloat16(toHalf(NaN))).toBeNaN();
  });

  it('changes a value by half a step at most', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, min: -60000, max: 60000 }), (value) => {
        const values = Float32Array.of(value);
        const change = roundToHalf(values);
        expect(change).toBe(Math.abs(values[0]! - value));
        expect(change).toBeLessThanOrEqual(Math.max(Math.abs(value) * 2 ** -11, 2 ** -25));
      }),
    );
    expect(roundToHalf(Float32Array.of(1e6))).toBe(1e6 - LARGEST_HALF);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { interpolation, transposed } from './interpolation.js';

const size = fc.integer({ min: 1, max: 12 });

describe('interpolation weights', () => {
  it('are those between the two nearest pixel centers', () => {
    expect([...interpolation(2, 4)]).toEqual([1, 0, 0.75, 0.25, 0.25, 0.75, 0, 1]);
    expect([...interpolation(4, 2)]).toEqual([0.5, 0.5, 0, 0, 0, 0, 0.5, 0.5]);
  });

  it('sum to one for every new pixel, and keep an image of the same size', () => {
    fc.assert(
      fc.property(size, size, (from, to) => {
        const weights = interpolation(from, to);
        for (let i = 0; i < to; i++) {
          const sum = weights.subarray(i * from, (i + 1) * from).reduce((a, b) => a + b, 0);
          expect(sum).toBeCloseTo(1, 6);
        }
        if (from === to) weights.forEach((w, i) => expect(w).toBe(i % (from + 1) === 0 ? 1 : 0));
      }),
    );
  });

  it('are transposed twice to themselves', () => {
    fc.assert(
      fc.property(size, size, (from, to) => {
        const weights = interpolation(from, to);
        expect(transposed(transposed(weights, to), from)).toEqual(weights);
      }),
    );
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accumulate, emptyAccumulator, meansOf } from './metric-accumulator.js';

describe('a metric accumulator', () => {
  it('weighs means by their steps', () => {
    const two = accumulate(accumulate(emptyAccumulator, { a: 2, b: 1 }, 3), { a: 10, b: 5 }, 1);
    expect(two).toEqual({ count: 4, sums: { a: 16, b: 8 } });
    expect(meansOf(two)).toEqual({ a: 4, b: 2 });
  });

  it('averages a metric that some steps do not have over those that have it', () => {
    const both = accumulate(
      accumulate(emptyAccumulator, { student: 1 }, 2),
      { student: 1, discriminator: 3 },
      1,
    );
    expect(meansOf(both)).toEqual({ student: 1, discriminator: 3 });
    expect(both.counts).toEqual({ discriminator: 1 });
    const again = accumulate(both, { student: 4 }, 1);
    expect(meansOf(again)).toEqual({ student: 7 / 4, discriminator: 3 });
  });

  it('changes neither the accumulator that it is given nor the empty one', () => {
    const first = accumulate(emptyAccumulator, { a: 1 }, 1);
    accumulate(first, { a: 5 }, 1);
    expect(first).toEqual({ count: 1, sums: { a: 1 } });
    expect(emptyAccumulator).toEqual({ count: 0, sums: {} });
  });

  it('gives the mean of all steps, wherever they are cut', () => {
    const steps = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(steps, fc.nat(), (values, where) => {
        const mean = (part: readonly number[]): number =>
          part.reduce((sum, value) => sum + value, 0) / Math.max(1, part.length);
        const cut = where % (values.length + 1);
        const parts = [values.slice(0, cut), values.slice(cut)].filter(({ length }) => length > 0);
        const all = parts.reduce(
          (sum, part) => accumulate(sum, { a: mean(part) }, part.length),
          emptyAccumulator,
        );
        expect(meansOf(all).a).toBeCloseTo(mean(values), 8);
      }),
    );
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allocateEpochs } from './allocate-epochs.js';

const allocate = (shares: readonly (number | undefined)[], epochs: number): readonly number[] =>
  allocateEpochs(
    shares.map((share) => (share === undefined ? {} : { share })),
    epochs,
  );
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

const someShares = fc.array(fc.double({ min: 0.01, max: 1, noNaN: true }), { minLength: 1, maxLength: 6 });
const someEpochs = fc.integer({ min: 0, max: 500 });

describe('allocateEpochs', () => {
  it.each([
    ['a single stage without a share', [undefined], 7, [7]],
    ['halves of an odd number', [0.5, 0.5], 3, [2, 1]],
    ['a quarter of 6: quotas 1.5 and 4.5, a tie', [0.25, 0.75], 6, [2, 4]],
    ['thirds', [1 / 3, 1 / 3, 1 / 3], 5, [2, 2, 1]],
    ['the largest remainder first', [0.1, 0.3, 0.6], 4, [1, 1, 2]],
    ['shares with rounding errors', [0.9, 1 - 0.9], 10, [9, 1]],
    ['shares that do not add up to 1', [1, 1, 2], 8, [2, 2, 4]],
    ['stages without shares, equally', [undefined, undefined], 9, [5, 4]],
    ['fewer epochs than stages', [0.25, 0.75], 1, [0, 1]],
    ['no epochs', [0.5, 0.5], 0, [0, 0]],
    ['a share of nothing', [0, 1], 5, [0, 5]],
  ])('divides %s', (_what, shares, epochs, expected) => {
    expect(allocate(shares, epochs)).toEqual(expected);
  });

  it('adds up to the epochs of the run', () => {
    fc.assert(
      fc.property(someShares, someEpochs, (shares, epochs) => {
        expect(sum(allocate(shares, epochs))).toBe(epochs);
      }),
    );
  });

  it('gives every stage its quota, rounded down or up', () => {
    fc.assert(
      fc.property(someShares, someEpochs, (shares, epochs) => {
        allocate(shares, epochs).forEach((part, i) => {
          const quota = (epochs * shares[i]!) / sum(shares);
          expect(Number.isInteger(part)).toBe(true);
          expect(Math.abs(part - quota)).toBeLessThan(1 + 1e-6);
        });
      }),
    );
  });

  it('never gives a larger share less, and of equal shares the earlier one at least as much', () => {
    fc.assert(
      fc.property(someShares, someEpochs, (shares, epochs) => {
        const parts = allocate([...shares, ...shares], epochs);
        const all = [...shares, ...shares];
        for (let i = 0; i < all.length; i++) {
          for (let j = 0; j < all.length; j++) {
            const gap = all[i]! - all[j]!;
            if (gap > 1e-6 || (gap === 0 && i < j)) expect(parts[i]).toBeGreaterThanOrEqual(parts[j]!);
          }
        }
      }),
    );
  });

  it('does not depend on the scale of the shares', () => {
    fc.assert(
      fc.property(someShares, someEpochs, fc.constantFrom(0.5, 2, 16), (shares, epochs, scale) => {
        expect(
          allocate(
            shares.map((share) => scale * share),
            epochs,
          ),
        ).toEqual(allocate(shares, epochs));
      }),
    );
  });

  it.each([
    [[0.5, 0.5], 1.5],
    [[0.5, 0.5], -1],
    [[0.5, -0.5], 3],
    [[0.5, NaN], 3],
    [[0.5, Infinity], 3],
    [[0, 0], 3],
    [[], 3],
  ])('refuses shares %j of %d epochs', (shares, epochs) => {
    expect(() => allocate(shares, epochs)).toThrow(expect.objectContaining({ code: 'ANC_STAGE' }));
  });
});

import { describe, expect, it } from 'vitest';
import { intervalOf, pairedInterval, tQuantile } from './interval.js';

describe('tQuantile', () => {
  // Two-sided 95 %, from the printed tables.
  it.each([
    [1, 12.706],
    [2, 4.303],
    [3, 3.182],
    [4, 2.776],
    [7, 2.365],
    [10, 2.228],
    [30, 2.042],
    [120, 1.98],
  ])('with %i degrees of freedom is %d', (freedom, expected) => {
    expect(tQuantile(freedom)).toBeCloseTo(expected, 3);
  });
});

describe('intervalOf', () => {
  it('gives mean ± t s / √n', () => {
    const { mean, margin } = intervalOf([1, 2, 3]);
    expect(mean).toBe(2);
    expect(margin).toBeCloseTo(4.3027 / Math.sqrt(3), 4);
  });

  it('has no margin for one value, and none of width for equal ones', () => {
    expect(intervalOf([0.3]).margin).toBeNull();
    expect(intervalOf([0.5, 0.5]).margin).toBe(0);
  });
});

it('pairedInterval takes the spread of the differences, not of the values', () => {
  const { mean, margin } = pairedInterval([0.1, 0.5, 0.9], [0, 0.4, 0.8]);
  expect(mean).toBeCloseTo(0.1, 12);
  expect(margin).toBeCloseTo(0, 12);
});

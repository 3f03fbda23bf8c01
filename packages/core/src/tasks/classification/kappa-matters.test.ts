import { expect, it } from 'vitest';
import { kappaMatters } from './kappa-matters.js';

it.each([
  [undefined, 10, false],
  [0.12, 10, false],
  [0.21, 10, true],
  [0.7, 2, false],
  [0.8, 2, true],
  [0.7, 3, true],
  [0.003, 1000, true],
])('agreement of %s by a constant prediction, of %i classes: %s', (baseline, classes, expected) => {
  expect(kappaMatters(baseline, classes)).toBe(expected);
});

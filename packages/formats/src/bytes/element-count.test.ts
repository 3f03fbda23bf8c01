import { expect, it } from 'vitest';
import { elementCount } from './element-count.js';

const LARGE = Number.MAX_SAFE_INTEGER;

it.each([
  [[], 1],
  [[2, 3, 4], 24],
  [[LARGE, LARGE, 0], 0],
  [[LARGE, 2], Infinity],
  [[...new Array<number>(40).fill(LARGE), 0], 0],
  [[-1, -1], Infinity],
  [[0.5, 2], Infinity],
])('counts the elements of %j', (shape, count) => {
  expect(elementCount(shape)).toBe(count);
});

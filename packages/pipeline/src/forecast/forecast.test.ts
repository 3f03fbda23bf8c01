import { expect, it } from 'vitest';
import { computedDraws, withinTime } from './forecast.js';

const draws = { images: 100, views: 1, cached: Infinity };

it.each([
  ['every image once where nothing is augmented', 1000, draws, 100],
  ['less than an epoch', 50, draws, 50],
  ['all of them where every view is new', 1000, { ...draws, views: null }, 1000],
  ['all of them without a cache', 1000, { ...draws, cached: 0 }, 1000],
  ['most views after many epochs', 100 * 80, { ...draws, views: 8 }, 800],
  ['few views after one', 100, { ...draws, views: 1e6 }, 100],
  ['half of what the cache cannot hold', 1000, { ...draws, cached: 50 }, 100 + 450],
] as const)('the teacher computes %s', (_, count, of, expected) => {
  expect(computedDraws(count, of)).toBeCloseTo(expected, -1);
});

it.each([
  ['shared by the students after the teacher', 100, 40, { teacher: 30, kd: 500, l2: 10 }, 100, [30, 30, 30]],
  ['over before the first student', 20, 40, { teacher: 30, kd: 5 }, 40, [30, 0]],
  ['all that a student has beside a given teacher', 60, 10, { kd: 5 }, 60, [50]],
] as const)('a time is %s', (_, time, before, models, seconds, each) => {
  const found = withinTime(time, before, models);
  expect(found.seconds).toBe(seconds);
  expect(Object.keys(found.models)).toEqual(Object.keys(models));
  expect(Object.values(found.models)).toEqual(each);
});

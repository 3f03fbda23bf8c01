import { expect, it } from 'vitest';
import { readDuration } from './duration.js';

it.each([
  [90, 90],
  ['90', 90],
  ['90s', 90],
  ['30m', 1800],
  ['30min', 1800],
  ['1.5h', 5400],
  ['1h30m', 5400],
  ['1h 2m 3s', 3723],
  ['0.5', 0.5],
])('%j is %d seconds', (text, seconds) => {
  expect(readDuration(text)).toBe(seconds);
});

it.each([0, -1, NaN, Infinity, '', '0s', 'm', '5x', '5s3h', '1m1m', '1:30', '-5m', '5 m s'])(
  '%j is no duration',
  (text) => {
    expect(readDuration(text)).toBeNull();
  },
);

import { expect, it } from 'vitest';
import { KeptSplits } from './kept-splits.js';

it('keeps the latest splits, and none that is too large', () => {
  const draws: number[] = [];
  const draw = (count: number) => {
    draws.push(count);
    return { bytes: new Uint8Array(10 * count), labels: new Int32Array(count) };
  };
  const kept = new KeptSplits(2, 50);
  for (const [key, count] of [
    ['a', 3],
    ['a', 2], // its beginning
    ['b', 6], // too large
    ['b', 6],
    ['b', 5],
    ['c', 1], // a is the earliest
    ['a', 4],
    ['c', 1],
  ] as const)
    expect(kept.of(key, count, draw).labels.length).toBeGreaterThanOrEqual(count);
  expect(draws).toEqual([3, 6, 6, 5, 1, 4]);
});

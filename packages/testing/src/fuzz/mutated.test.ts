import fc from 'fast-check';
import { expect, it } from 'vitest';
import { mutated } from './mutated.js';

const file = Buffer.from('{"count":12,"names":["a","b"],"next":[0,0]}');

it('gives the same file for the same seed, others for others, and leaves the original alone', () => {
  const before = file.toString();
  const all = new Set<string>();
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (seed) => {
      const one = mutated(file, seed);
      expect(mutated(file, seed)).toEqual(one);
      expect(one.length).toBeLessThanOrEqual(file.length + (1 << 14));
      all.add(Buffer.from(one).toString('latin1'));
    }),
  );
  expect(all.size).toBeGreaterThan(50);
  expect(file.toString()).toBe(before);
  expect(mutated(new Uint8Array(0), 1)).toHaveLength(0);
});

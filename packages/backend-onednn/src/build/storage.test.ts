import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aligned, isPlain, placesOf, plainStrides, Storage } from './storage.js';

const lives = fc.array(
  fc.record({ bytes: fc.integer({ min: 1, max: 5000 }), first: fc.nat(20), length: fc.nat(6) }),
  {
    minLength: 1,
    maxLength: 40,
  },
);

describe('placesOf', () => {
  it('never gives two tensors the same memory at the same time, and aligns all', () => {
    fc.assert(
      fc.property(lives, (list) => {
        const storages = list.map(({ bytes, first, length }) => {
          const storage = new Storage(bytes, false);
          storage.usedBy(first);
          storage.usedBy(first + length);
          return storage;
        });
        const { offsets, bytes } = placesOf(storages);
        storages.forEach((a, i) => {
          expect(offsets[i]! % 64).toBe(0);
          expect(offsets[i]! + a.bytes).toBeLessThanOrEqual(bytes);
          storages.slice(0, i).forEach((b, j) => {
            if (a.first > b.last || b.first > a.last) return;
            const isApart = offsets[i]! + a.bytes <= offsets[j]! || offsets[j]! + b.bytes <= offsets[i]!;
            expect(isApart).toBe(true);
          });
        });
      }),
    );
  });

  it('uses memory again after its last use', () => {
    const chain = Array.from({ length: 10 }, (_, i) => {
      const storage = new Storage(1000, false);
      storage.usedBy(i);
      storage.usedBy(i + 1);
      return storage;
    });
    expect(placesOf(chain).bytes).toBe(2 * aligned(1000));
  });
});

describe('isPlain', () => {
  it('ignores strides of axes of size 1', () => {
    expect(plainStrides([2, 3, 4])).toEqual([12, 4, 1]);
    expect(isPlain({ shape: [2, 1, 4], strides: [4, 99, 1] })).toBe(true);
    expect(isPlain({ shape: [2, 3], strides: [1, 2] })).toBe(false);
    expect(isPlain({ shape: [2, 3], strides: null })).toBe(false);
  });
});

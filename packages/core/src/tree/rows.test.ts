import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { joinRows, rowRange, rowsOf } from './rows.js';

describe('rowRange', () => {
  it('cuts rows into consecutive parts whose sizes differ by at most one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 40 }), (rows, parts) => {
        const ranges = Array.from({ length: parts }, (_, i) => rowRange(rows, parts, i));
        ranges.forEach(({ start }, i) => {
          expect(start).toBe(ranges.slice(0, i).reduce((sum, { count }) => sum + count, 0));
        });
        const counts = ranges.map(({ count }) => count);
        expect(counts.reduce((a, b) => a + b)).toBe(rows);
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
      }),
    );
    expect(rowRange(5, 2, 0)).toEqual({ start: 0, count: 2 });
    expect(rowRange(5, 2, 1)).toEqual({ start: 2, count: 3 });
  });
});

describe('rowsOf and joinRows', () => {
  it('are inverse to each other, and copy', () => {
    const whole = { shape: [3, 2], data: Int32Array.of(1, 2, 3, 4, 5, 6) };
    const parts = [0, 1].map((i) => rowsOf(whole, rowRange(3, 2, i)));
    expect(parts).toEqual([
      { shape: [1, 2], data: Int32Array.of(1, 2) },
      { shape: [2, 2], data: Int32Array.of(3, 4, 5, 6) },
    ]);
    expect(joinRows(parts)).toEqual(whole);
    parts[0]!.data[0] = 9;
    expect(whole.data[0]).toBe(1);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classKey, matchNames, naturalOrder } from './class-names.js';

describe('naturalOrder', () => {
  it('sorts numbers as numbers and everything else by code units', () => {
    expect(['10', '1', '2', '02', '100', '11'].sort(naturalOrder)).toEqual([
      '1',
      '02',
      '2',
      '10',
      '11',
      '100',
    ]);
    expect(['b', 'B', 'a10', 'a9', 'a'].sort(naturalOrder)).toEqual(['B', 'a', 'a9', 'a10', 'b']);
    expect(['x99999999999999999999', 'x100000000000000000000'].sort(naturalOrder)[0]).toMatch(/^x9/);
  });

  it('is an order', () => {
    const name = fc.stringMatching(/^[a0-2-]{0,5}$/);
    fc.assert(
      fc.property(name, name, name, (a, b, c) => {
        expect(Math.sign(naturalOrder(a, b)) + Math.sign(naturalOrder(b, a))).toBe(0);
        if (naturalOrder(a, b) <= 0 && naturalOrder(b, c) <= 0)
          expect(naturalOrder(a, c)).toBeLessThanOrEqual(0);
        expect(naturalOrder(a, b) === 0).toBe(a === b);
      }),
    );
  });
});

describe('matchNames', () => {
  it('ignores case, hyphens, underscores and spaces', () => {
    expect(classKey(' Great-White_shark ')).toBe('great white shark');
    expect([...matchNames(['DOG', 'great_white', 'cat', 'fox'], ['cat', 'dog', 'Great White'])]).toEqual([
      1, 2, 0, -1,
    ]);
  });

  it('prefers exact names, and takes none that is not the only one', () => {
    expect([...matchNames(['a', 'A'], ['A', 'a'])]).toEqual([1, 0]);
    expect([...matchNames(['A-b'], ['a b', 'a_b'])]).toEqual([-1]);
    expect([...matchNames(['Cat', 'cat'], ['cat', 'dog'])]).toEqual([-1, 0]);
  });
});

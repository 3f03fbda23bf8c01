import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planEpoch } from './epoch-plan.js';

describe('planEpoch', () => {
  it('orders every image once, each in a view that exists', () => {
    fc.assert(
      fc.property(
        fc.nat(200),
        fc.integer({ min: 1, max: 9 }),
        fc.nat(),
        fc.nat(50),
        (count, views, seed, epoch) => {
          const plan = planEpoch(count, views, seed, epoch);
          expect([...plan.order].sort((a, b) => a - b)).toEqual([...Array(count).keys()]);
          expect(plan.views.length).toBe(count);
          expect(plan.views.every((view) => view >= 0 && view < views)).toBe(true);
        },
      ),
    );
  });

  it('depends on count, views, seed and epoch alone', () => {
    const plan = planEpoch(100, 5, 1, 2);
    expect(planEpoch(100, 5, 1, 2)).toEqual(plan);
    for (const other of [planEpoch(100, 5, 2, 2), planEpoch(100, 5, 1, 3)]) {
      expect(other.order).not.toEqual(plan.order);
      expect(other.views).not.toEqual(plan.views);
    }
  });

  it('keeps the order when the number of views changes', () => {
    const { order } = planEpoch(100, 1, 1, 2);
    expect(planEpoch(100, 162, 1, 2).order).toEqual(order);
  });

  it('draws all views about equally often', () => {
    const counts = new Array<number>(4).fill(0);
    for (const view of planEpoch(40_000, 4, 3, 0).views) counts[view]!++;
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500); // about six deviations
  });
});

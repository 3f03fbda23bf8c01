import { classification } from '@anc/core';
import { describe, expect, it } from 'vitest';
import { assertMeasurable, missedThresholds, readThresholds } from './thresholds.js';

const { metrics } = classification;
const missed = (
  failUnder: Record<string, number>,
  measured: Record<string, number> | null,
  agreement: number | null,
) => missedThresholds(readThresholds(failUnder, metrics), measured, agreement);

describe('thresholds', () => {
  it('are of accuracies and of the agreement', () => {
    const measured = { error: 0.07, 'top5-error': 0.01 };
    expect(missed({ accuracy: 0.93, 'top5-accuracy': 0.99, agreement: 0.95 }, measured, 0.95)).toEqual([]);
    expect(missed({ accuracy: 0.94, agreement: 0.96 }, measured, 0.95)).toEqual([
      { metric: 'accuracy', least: 0.94, value: 0.93 },
      { metric: 'agreement', least: 0.96, value: 0.95 },
    ]);
    expect(missed({ accuracy: 0 }, null, null)).toEqual([{ metric: 'accuracy', least: 0, value: null }]);
  });

  it('are of metrics of other tasks of which more is better', () => {
    const others = [{ name: 'mean-iou', better: 'higher' }, { name: 'distance', better: 'lower', unit: 'number' }] as const; // prettier-ignore
    expect(readThresholds({ 'mean-iou': 0.5 }, others)).toMatchObject([{ metric: 'mean-iou', least: 0.5 }]);
    expect(() => readThresholds({ distance: 1 }, others)).toThrow('there is no metric "distance"');
  });

  it.each([
    [{ acuracy: 0.9 }, 'there is no metric "acuracy"'],
    [{ error: 0.1 }, 'there is no metric "error"'],
    [{ accuracy: 90 }, 'accuracy cannot be 90'],
    [{ agreement: NaN }, 'agreement cannot be NaN'],
  ])('refuse %j', (failUnder, message) => {
    expect(() => readThresholds(failUnder, metrics)).toThrow(message);
  });

  it('refuse what cannot be measured', () => {
    const both = readThresholds({ accuracy: 0.9, agreement: 0.9 }, metrics);
    expect(() => assertMeasurable(both, { targets: true, teacher: true })).not.toThrow();
    expect(() => assertMeasurable(both, { targets: false, teacher: true })).toThrow(
      'accuracy cannot be measured',
    );
    expect(() => assertMeasurable(both, { targets: true, teacher: false })).toThrow(
      'agreement cannot be measured',
    );
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { currentMetricName, currentMetrics, withDeprecatedMetrics } from './metric-names.js';

describe('currentMetricName', () => {
  it.each([
    ['dTeacher', 'discriminator/teacher'],
    ['dStudent', 'discriminator/student'],
    ['dDropped', 'discriminator/dropped'],
    ['auc', 'discriminator/auc'],
    ['auc/discriminator-logits', 'discriminator/auc/discriminator-logits'],
    ['loss/data', 'loss/data'],
    ['toString', 'toString'],
  ])('%s is %s', (old, current) => {
    expect(currentMetricName(old)).toBe(current);
    expect(currentMetricName(current)).toBe(current);
  });
});

describe('currentMetrics', () => {
  it('renames old names, keeps the rest, and prefers the current name', () => {
    expect(currentMetrics({ auc: 0.5, 'auc/a': 0.25, agreement: 1 })).toEqual({
      'discriminator/auc': 0.5,
      'discriminator/auc/a': 0.25,
      agreement: 1,
    });
    expect(currentMetrics({ 'discriminator/auc': 1, auc: 2 })).toEqual({ 'discriminator/auc': 1 });
  });
});

describe('withDeprecatedMetrics', () => {
  it('adds the old names beside the current ones', () => {
    expect(withDeprecatedMetrics({ 'discriminator/teacher': 1, 'discriminator/auc/a': 2, error: 3 })).toEqual(
      {
        'discriminator/teacher': 1,
        dTeacher: 1,
        'discriminator/auc/a': 2,
        'auc/a': 2,
        error: 3,
      },
    );
  });

  it('is undone by currentMetrics', () => {
    const name = fc.oneof(
      fc.constantFrom('discriminator/teacher', 'discriminator/auc', 'discriminator/auc/x', 'loss/data'),
      fc.string().map((text) => `loss/${text}`),
    );
    fc.assert(
      fc.property(fc.dictionary(name, fc.double()), (metrics) => {
        expect(currentMetrics(withDeprecatedMetrics(metrics))).toEqual({ ...metrics });
      }),
    );
  });
});

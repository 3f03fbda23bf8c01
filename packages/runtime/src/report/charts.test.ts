import { describe, expect, it } from 'vitest';
import { chartsOf, isLogarithmic, type Chart } from './charts.js';

const epoch = (values: Record<string, number>) => ({ stage: 'train', values, alarms: [] });

describe('chartsOf', () => {
  it('draws what a model has, with a gap for an epoch without a value', () => {
    const epochs = [epoch({ 'loss/data': 4, error: 0.5 }), epoch({ 'loss/data': 2, 'loss/adversarial': 1 })];
    const charts = chartsOf({ model: 'kd', epochs });
    expect(charts.map(({ title, lines }) => [title, lines])).toEqual([
      [
        'Losses',
        [
          { name: 'loss/data', values: [4, 2] },
          { name: 'loss/adversarial', values: [NaN, 1] },
        ],
      ],
      ['Training images: share', [{ name: 'error', values: [0.5, NaN] }]],
    ]);
  });

  it('draws nothing of a model without epochs', () => {
    expect(chartsOf({ model: 'kd', epochs: [] })).toEqual([]);
  });
});

describe('isLogarithmic', () => {
  const chart = (values: readonly number[], more: Partial<Chart> = {}): Chart => ({
    title: '',
    lines: [{ name: 'a', values }],
    wide: true,
    ...more,
  });

  it.each([
    ['values of several orders of magnitude', chart([1, 30]), true],
    ['values that diverged beside them', chart([1, NaN, 30, Infinity]), true],
    ['values close to each other', chart([1, 15]), false],
    ['a value that is not positive', chart([0, 1, 30]), false],
    ['no finite value', chart([NaN]), false],
    ['a chart of fixed scale', chart([1, 30], { wide: false }), false],
  ])('%s', (_, drawn, expected) => {
    expect(isLogarithmic(drawn)).toBe(expected);
  });
});

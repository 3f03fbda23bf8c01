import { describe, expect, it } from 'vitest';
import type { ComparedMethod, CompareResult } from './documents.js';
import { intervalOf, pairedInterval } from './interval.js';
import { rowsOf } from './table.js';

const method = (name: string, more: Partial<ComparedMethod> = {}): ComparedMethod => ({
  name,
  method: name,
  usesLabels: false,
  model: 'lenet5',
  testError: intervalOf([0.1, 0.12]),
  agreement: intervalOf([0.9, 0.92]),
  seconds: intervalOf([30, 40]),
  parameters: 61_706,
  flops: 833_000,
  bytes: 247_000,
  differences: [],
  ...more,
});
const compared = (methods: readonly ComparedMethod[], teacher: object = {}): CompareResult =>
  ({
    teacher: {
      model: 'nin',
      testError: 0.05,
      parameters: 1e6,
      flops: 2e8,
      seconds: 60,
      bytes: 4e6,
      ...teacher,
    },
    methods,
  }) as unknown as CompareResult;

describe('rowsOf', () => {
  it('has one row for the teacher and one for each method, all as long as the head', () => {
    const { head, rows } = rowsOf(compared([method('l2'), method('kd', { usesLabels: true })]));
    expect(rows.map((row) => row.length)).toEqual([head.length, head.length, head.length]);
    expect(rows.map(([name, labels]) => [name, labels])).toEqual([
      ['teacher (nin)', 'yes'],
      ['l2', 'no'],
      ['kd', 'yes'],
    ]);
    expect(rows[0]![head.indexOf('test error')]).toBe('5.00 %');
    expect(rows[1]![head.indexOf('test error')]).toBe('11.00 %');
  });

  it('does not say that a given teacher was trained with labels', () => {
    expect(rowsOf(compared([method('l2')], { seconds: 0 })).rows[0]![1]).toBe('');
  });

  it('has a column for every method that others are compared with, empty where one is not', () => {
    const difference = pairedInterval([0.1, 0.12], [0.2, 0.21]);
    const better = { to: 'l2', what: 'error', difference, verdict: 'better', text: '' } as const;
    const { head, rows } = rowsOf(compared([method('l2'), method('kd', { differences: [better] })]));
    const column = head.indexOf('minus l2');
    expect(column).toBeGreaterThan(0);
    expect(head).not.toContain('minus kd');
    expect(rows[1]![column]).toBe('');
    expect(rows[2]![column]).toMatch(/^-9\.50 .*, better$/);
  });

  it("names a method's own options", () => {
    const { rows } = rowsOf(compared([method('kd-2', { method: 'kd(temperature=2, term="l2")' })]));
    expect(rows[1]![0]).toBe('kd-2: temperature=2, term=l2');
  });
});

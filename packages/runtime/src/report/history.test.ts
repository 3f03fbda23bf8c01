import type { Diagnostics } from '@anc/core';
import { describe, expect, it } from 'vitest';
import type { MetricsRecord } from '../run-folder/metrics-log.js';
import { alarmsIn, formatEpochs, historiesOf } from './history.js';

const record = (model: string, more: Partial<MetricsRecord>): MetricsRecord => ({
  model,
  stage: 'train',
  event: 'epoch',
  epoch: 0,
  step: 1,
  ...more,
});
const diagnostics = (auc: number): Diagnostics => ({
  auc,
  teacherScore: 1,
  studentScore: 0,
  gradientRatio: 2,
  gradientCosine: 0.5,
});

describe('historiesOf', () => {
  it('collects the epochs of every model, in the order of their first records', () => {
    const histories = historiesOf([
      record('teacher', { metrics: { error: 0.5 } }),
      record('kd', { metrics: { error: 0.4 } }),
      record('teacher', { event: 'notice', metrics: { error: 9 } }),
      record('teacher', { stage: 'finetune', metrics: { error: NaN }, diagnostics: null }),
    ]);
    expect(histories.map(({ model }) => model)).toEqual(['teacher', 'kd']);
    expect(histories[0]!.epochs).toEqual([
      { stage: 'train', values: { error: 0.5 }, alarms: [] },
      { stage: 'finetune', values: { error: NaN }, alarms: [] },
    ]);
  });

  it('joins metrics and diagnostics, each number under one name', () => {
    const metrics = { 'discriminator/auc': 0.75, 'gradient/cosine': 0.5, 'loss/data': 3 };
    const [history] = historiesOf([record('adversarial', { metrics, diagnostics: diagnostics(0.75) })]);
    expect(history!.epochs[0]!.values).toEqual({
      'discriminator/auc': 0.75,
      'discriminator/teacher': 1,
      'discriminator/student': 0,
      'gradient/cosine': 0.5,
      'loss/data': 3,
      gradientRatio: 2,
    });
  });
});

describe('alarmsIn', () => {
  it('lists the epochs that raised an alarm, with its last message', () => {
    const epochs = [0.99, 0.5, 0.97].map((auc) => record('adversarial', { diagnostics: diagnostics(auc) }));
    const raised = alarmsIn(historiesOf(epochs)[0]!);
    expect(raised.map(({ alarm, epochs }) => [alarm.code, epochs])).toEqual([['discriminator-won', [1, 3]]]);
    expect(raised[0]!.alarm.message).toContain('0.970');
  });
});

describe('formatEpochs', () => {
  it.each([
    [[], ''],
    [[4], '4'],
    [[1, 2, 3, 4, 7], '1–4, 7'],
    [[1, 3, 4, 6], '1, 3–4, 6'],
  ])('%j', (epochs, text) => {
    expect(formatEpochs(epochs)).toBe(text);
  });
});

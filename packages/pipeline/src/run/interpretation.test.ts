import { taskOfDocument } from '@anc/core/internal';
import { describe, expect, it } from 'vitest';
import type { StudentResult } from '../events/documents.js';
import { chanceInWords, interpret, shortTimeInWords, type InterpretedStudent } from './interpretation.js';

const student = (
  method: string,
  testError: number | null,
  more: Partial<StudentResult> = {},
): StudentResult => ({
  method,
  name: method,
  model: 'm',
  testError,
  agreement: 0.9,
  parameters: 1,
  flops: 1,
  seconds: 1,
  weights: '',
  bytes: 1,
  ...more,
});
const game = { auc: 0.7, teacherScore: 0.6, studentScore: 0.5, gradientRatio: 5, gradientCosine: 0.01 };
const read = (result: StudentResult, dataTerm: string | null = null): InterpretedStudent => ({
  result,
  method: result.method,
  usesLabels: false,
  options: {
    lambda: 1,
    ...(dataTerm === null ? {} : { dataTerm: { name: dataTerm, options: {} } }),
    ...(result.method === 'l2' ? { reduction: 'sum' } : {}),
    ...(result.method === 'kd' ? { temperature: 4, hardWeight: 0 } : {}),
  },
});

const task = taskOfDocument({});

describe('readingOf', () => {
  it('calls a small difference what it is', () => {
    const lines = interpret(
      [read(student('l2', 0.1)), read(student('adversarial', 0.095, { diagnostics: game }), 'l2')],
      task,
      2000,
    );
    expect(lines[0]).toMatch(/adversarial term is active .* AUC 0.700\.$/);
    expect(lines[1]).toMatch(/not distinguishable from l2 \(single seed\): error 9\.50 % against 10\.00 %/);
  });

  it('calls a large one a lead, never a result, in the right direction', () => {
    const lines = (error: number) =>
      interpret([read(student('kd', 0.1)), read(student('adversarial', error), 'kl')], task, 10_000);
    expect(lines(0.05)[0]).toMatch(/better than kd here, with a single seed, so a lead and not a result/);
    expect(lines(0.2)[0]).toMatch(/worse than kd here/);
  });

  it('says of a student whose time was over that it is hardly trained', () => {
    const timed = (...revisions: [number, number, number][]) =>
      student('kd', 0.9, { timeBox: { from: 5, until: 5, revisions } });
    expect(shortTimeInWords(timed([0, 1, 1]), 62)).toEqual([
      'kd: its time was over after 1 step, and an epoch has 62: it is hardly trained. ' +
        'Give the run more time, or a teacher that is trained already.',
    ]);
    expect(shortTimeInWords(timed([0, 1, 300], [0, 9, 40], [1, 1, 21]), 62)[0]).toMatch(/after 61 steps/);
    expect(shortTimeInWords(timed([0, 9, 40], [1, 1, 22]), 62)).toEqual([]);
    expect(shortTimeInWords(student('kd', 0.9), 62)).toEqual([]);
  });

  it('tells what chance reaches where the predictions of the teacher are uneven', () => {
    const uneven = student('l2', null, { agreement: 0.85, agreementBaseline: 0.83, kappa: 0.1 });
    expect(chanceInWords(uneven, 10)).toEqual([
      "l2: agreement 85.00 %, where always predicting the teacher's most frequent class reaches 83.00 %: Cohen's kappa is 0.100.",
    ]);
    expect(chanceInWords({ ...uneven, agreementBaseline: 0.12 }, 10)).toEqual([]);
    expect(chanceInWords(student('l2', null), 10)).toEqual([]);
  });

  it('compares agreement where there are no labels', () => {
    const lines = interpret(
      [
        read(student('l2', null, { agreement: 0.5 })),
        read(student('adversarial', null, { agreement: 0.9 }), 'l2'),
      ],
      task,
      1000,
    );
    expect(lines[0]).toMatch(/better than l2 here.*agreement 90\.00 % against 50\.00 %/);
  });

  it('asks for the control that is missing, and says when D has won or does nothing', () => {
    const lines = interpret(
      [
        read(
          student('adversarial', 0.1, { diagnostics: { ...game, auc: 0.99, gradientRatio: Infinity } }),
          'l2',
        ),
      ],
      task,
      1000,
    );
    expect(lines[0]).toMatch(/adversarial term is inactive .*the discriminator has won/);
    expect(lines[1]).toMatch(/add its data term alone to --methods \(l2, without labels/);
  });
});

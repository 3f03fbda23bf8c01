import { expect, it } from 'vitest';
import type { StudentResult } from '../events/documents.js';
import { nothingLearnedBySeeds, nothingLearnedInWords } from './nothing-learned.js';

const student = (kappa: number | null | undefined): StudentResult => ({
  ...{
    name: 'dist',
    method: 'dist',
    model: 'lenet4',
    parameters: 1,
    flops: 1,
    seconds: 1,
    weights: 'w',
    bytes: 4,
  },
  ...{ testError: 0.9, agreement: 0.11 },
  ...(kappa === undefined ? {} : { kappa }),
});

it('a run says which student agrees with its teacher as often as chance', () => {
  expect(nothingLearnedInWords(student(0))).toEqual([
    "dist: the student learned nothing: it agrees with the teacher on 11.00 % of the test images, no more often than chance (Cohen's kappa 0.000). " +
      'Try a lower learning rate, a warm-up or another seed.',
  ]);
  for (const kappa of [0.3, null, undefined]) expect(nothingLearnedInWords(student(kappa))).toEqual([]);
});

it('a comparison names the seeds of such students', () => {
  const [good, failed] = [student(0.93), student(0.001)];
  expect(nothingLearnedBySeeds('dist', [1, 2, 3], [good, good, good])).toEqual([]);
  expect(nothingLearnedBySeeds('dist', [1, 2, 3], [good, good, failed])).toEqual([
    expect.stringMatching(/^dist: with seed 3 the student learned nothing/),
  ]);
  expect(nothingLearnedBySeeds('dist', [1, 2, 3], [failed, good, failed])).toEqual([
    expect.stringMatching(/^dist: with seeds 1, 3 the student learned nothing/),
  ]);
});

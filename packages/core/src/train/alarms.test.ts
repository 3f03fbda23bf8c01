import { describe, expect, it } from 'vitest';
import { alarmsFor } from './alarms.js';
import type { Diagnostics } from './diagnostics.js';

const healthy: Diagnostics = {
  auc: 0.7,
  teacherScore: 0.7,
  studentScore: 0.6,
  gradientRatio: 5,
  gradientCosine: 0.1,
};
const codes = (change: Partial<Diagnostics>): string[] =>
  alarmsFor({ ...healthy, ...change }).map(({ code }) => code);

describe('alarmsFor', () => {
  it.each<[string, Partial<Diagnostics>, string[]]>([
    ['healthy training', {}, []],
    ['an AUC of 0.95', { auc: 0.95 }, []],
    ['an AUC above', { auc: 0.951 }, ['discriminator-won']],
    ['a data gradient 20 times as large', { gradientRatio: 20 }, []],
    ['a larger one', { gradientRatio: 20.1 }, ['adversarial-inactive']],
    ['no adversarial gradient', { gradientRatio: Infinity }, ['adversarial-inactive']],
    ['no gradient at all', { gradientRatio: NaN }, ['adversarial-inactive']],
    ['a leading adversarial gradient that helps', { gradientRatio: 0.5, gradientCosine: 0.1 }, []],
    ['one that opposes', { gradientRatio: 0.5, gradientCosine: -0.1 }, ['adversarial-harmful']],
    ['an opposing one that does not lead', { gradientRatio: 1, gradientCosine: -0.9 }, []],
    ['two at once', { auc: 1, gradientRatio: 143 }, ['discriminator-won', 'adversarial-inactive']],
  ])('%s', (_what, change, expected) => {
    expect(codes(change)).toEqual(expected);
  });

  it('gives the numbers in its messages', () => {
    const [won] = alarmsFor({ ...healthy, auc: 0.9876 });
    expect(won!.message).toContain('AUC 0.988');
    const [inactive] = alarmsFor({ ...healthy, gradientRatio: 142.7 });
    expect(inactive!.message).toContain('143 times smaller');
    const [harmful] = alarmsFor({ ...healthy, gradientRatio: 0.456, gradientCosine: -0.321 });
    expect(harmful!.message).toContain('ratio 0.46');
    expect(harmful!.message).toContain('cosine -0.32');
  });
});

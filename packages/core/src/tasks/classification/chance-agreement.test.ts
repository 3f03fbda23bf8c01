import { expect, it } from 'vitest';
import { chanceAgreement } from './chance-agreement.js';

const of = (...labels: number[]): Int32Array => Int32Array.from(labels);

it('compares agreement with what independent predictions reach (the example of Cohen 1960 in its usual form)', () => {
  // 50 images: both yes 20, first yes alone 5, second yes alone 10, both no 15. p_o 0.7, p_e 0.5.
  const first = Int32Array.from({ length: 50 }, (_, i) => (i < 25 ? 1 : 0));
  const second = Int32Array.from({ length: 50 }, (_, i) => (i < 20 || (i >= 25 && i < 35) ? 1 : 0));
  const { baseline, kappa } = chanceAgreement(first, second);
  expect(baseline).toBe(0.6);
  expect(kappa).toBeCloseTo(0.4);
});

it('gives a constant student no credit', () => {
  const teacher = of(0, 0, 0, 0, 0, 0, 0, 0, 1, 2);
  const { baseline, kappa } = chanceAgreement(new Int32Array(10), teacher);
  expect([baseline, kappa]).toEqual([0.8, 0]);
  expect(chanceAgreement(teacher, teacher).kappa).toBe(1);
});

it('has no kappa where both give one class alone', () => {
  expect(chanceAgreement(of(3, 3), of(3, 3))).toEqual({ baseline: 1, kappa: null });
});

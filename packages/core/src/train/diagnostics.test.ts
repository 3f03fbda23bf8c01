import { describe, expect, it } from 'vitest';
import { currentDiagnostics, diagnosticsOf, withDeprecatedDiagnostics } from './diagnostics.js';

const gradients = { 'gradient/data': 6, 'gradient/adversarial': 1.5, 'gradient/cosine': -0.25 };
const scores = { 'discriminator/auc': 0.75, 'discriminator/teacher': 0.875, 'discriminator/student': 0.125 };
const expected = {
  auc: 0.75,
  teacherScore: 0.875,
  studentScore: 0.125,
  gradientRatio: 4,
  gradientCosine: -0.25,
};

describe('diagnosticsOf', () => {
  it('takes five numbers from the metrics of an epoch', () => {
    expect(diagnosticsOf({ ...scores, ...gradients, 'loss/data': 9 })).toEqual(expected);
  });

  it('reads the metrics of earlier versions', () => {
    expect(diagnosticsOf({ auc: 0.75, dTeacher: 0.875, dStudent: 0.125, ...gradients })).toEqual(expected);
  });

  it.each([...Object.keys(scores), 'gradient/cosine'])('is null without %s', (missing) => {
    const metrics = Object.fromEntries(
      Object.entries({ ...scores, ...gradients }).filter(([name]) => name !== missing),
    );
    expect(diagnosticsOf(metrics)).toBeNull();
  });

  it('has an infinite ratio where the adversarial gradient is zero', () => {
    const metrics = { ...scores, ...gradients, 'gradient/adversarial': 0 };
    expect(diagnosticsOf(metrics)?.gradientRatio).toBe(Infinity);
  });
});

describe('diagnostics in JSON documents', () => {
  const { teacherScore, studentScore, ...rest } = expected;

  it('have the deprecated names beside the current ones', () => {
    expect(withDeprecatedDiagnostics(expected)).toEqual({
      ...expected,
      dTeacher: teacherScore,
      dStudent: studentScore,
    });
  });

  it('are read from this version and from earlier ones', () => {
    expect(currentDiagnostics(withDeprecatedDiagnostics(expected))).toEqual(expected);
    expect(currentDiagnostics({ ...rest, dTeacher: teacherScore, dStudent: studentScore })).toEqual(expected);
    expect(currentDiagnostics({ ...expected, dTeacher: 0, dStudent: 0 })).toEqual(expected);
  });
});

import { alarmsFor } from '@anc/core/internal';
import { kappaMatters } from '@anc/runtime';
import { formatKappa, formatShare } from '../text/format.js';
import { controlName, dataTermOf, isControlOf, type InterpretedMethod } from './control.js';
import type { StudentResult } from '../events/documents.js';

/** A student with how it was trained. */
export interface InterpretedStudent extends InterpretedMethod {
  readonly result: StudentResult;
}

/**
 * What a run's numbers say, and what they do not: whether the adversarial term was active, and whether it
 * beat its own data term. One seed never shows a difference: it is a lead at best.
 */
export function interpret(students: readonly InterpretedStudent[], testCount: number): string[] {
  return students.flatMap((student) => [
    ...(student.result.diagnostics === undefined ? [] : [activity(student.result)]),
    ...(dataTermOf(student) === null ? [] : [comparison(student, students, testCount)]),
  ]);
}

/**
 * What chance alone reaches, where the teacher's predictions are uneven: a student that always gives the most frequent
 * class looks good then.
 */
export function chanceInWords(
  { name, agreement, agreementBaseline, kappa }: StudentResult,
  classes: number,
): string[] {
  if (!kappaMatters(agreementBaseline, classes)) return [];
  return [
    `${name}: agreement ${formatShare(agreement)}, where always predicting the teacher's most frequent class reaches ` +
      `${formatShare(agreementBaseline!)}: Cohen's kappa is ${formatKappa(kappa)}.`,
  ];
}

function activity({ name, diagnostics }: StudentResult): string {
  const { auc, gradientRatio, gradientCosine } = diagnostics!;
  const codes = alarmsFor(diagnostics!).map(({ code }) => code);
  const state = codes.includes('adversarial-inactive')
    ? 'inactive'
    : codes.includes('adversarial-harmful')
      ? 'active, and against the data term'
      : 'active';
  const won = codes.includes('discriminator-won') ? '; the discriminator has won' : '';
  return (
    `${name}: the adversarial term is ${state} in the last epoch: data gradient / adversarial gradient ` +
    `${gradientRatio.toPrecision(3)}, cosine ${gradientCosine.toFixed(2)}, AUC ${auc.toFixed(3)}${won}.`
  );
}

function comparison(
  student: InterpretedStudent,
  students: readonly InterpretedStudent[],
  testCount: number,
): string {
  const { result } = student;
  const alone = students.find((other) => other !== student && isControlOf(other, student))?.result;
  if (alone === undefined) {
    const name = controlName(dataTermOf(student)!.name);
    return `${result.name}: nothing to compare with; add its data term alone to --methods (${name}, without labels, options as here).`;
  }
  if (result.testError === null || alone.testError === null) {
    return compareShares(
      result.name,
      alone.name,
      'agreement',
      result.agreement,
      alone.agreement,
      testCount,
      1,
    );
  }
  return compareShares(result.name, alone.name, 'error', result.testError, alone.testError, testCount, -1);
}

/** Two shares of the same test images: their difference against the sampling error of the test set alone. */
function compareShares(
  name: string,
  other: string,
  what: string,
  share: number,
  otherShare: number,
  count: number,
  better: 1 | -1,
): string {
  const difference = share - otherShare;
  const pooled = (share + otherShare) / 2;
  const interval = 1.96 * Math.sqrt((2 * pooled * (1 - pooled)) / Math.max(1, count));
  const numbers = `${what} ${formatShare(share)} against ${formatShare(otherShare)}, difference ${(100 * difference).toFixed(2)} ± ${(100 * interval).toFixed(2)} points by test sampling alone`;
  if (Math.abs(difference) <= interval) {
    return `${name}: not distinguishable from ${other} (single seed): ${numbers}.`;
  }
  const verdict = difference * better > 0 ? 'better' : 'worse';
  return `${name}: ${verdict} than ${other} here, with a single seed, so a lead and not a result: ${numbers}.`;
}

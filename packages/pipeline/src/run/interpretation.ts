import type { TaskMetric } from '@anc/core';
import { alarmsFor, kappaMatters, metricOf, type TaskDescription } from '@anc/core/internal';
import { AGREEMENT } from '../tasks/agreement.js';
import { formatKappa, formatMetric, formatShare } from '../text/format.js';
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
export function interpret(
  students: readonly InterpretedStudent[],
  task: TaskDescription,
  testCount: number,
): string[] {
  return students.flatMap((student) => [
    ...(student.result.diagnostics === undefined ? [] : [activity(student.result)]),
    ...(dataTermOf(student) === null ? [] : [comparison(student, students, task, testCount)]),
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
    `${name}: agreement ${formatShare(agreement ?? null)}, where always predicting the teacher's most frequent class reaches ` +
      `${formatShare(agreementBaseline!)}: Cohen's kappa is ${formatKappa(kappa)}.`,
  ];
}

/** A student that was trained for a time, of which not even an epoch was left. `epoch`: steps of one. */
export function shortTimeInWords({ name, timeBox, stopped }: StudentResult, epoch: number): string[] {
  if (timeBox === undefined || stopped !== undefined) return [];
  const steps = new Map(timeBox.revisions.map(([stage, , expected]) => [stage, expected]));
  const done = [...steps.values()].reduce((sum, count) => sum + count, 0);
  if (done === 0 || done >= epoch) return [];
  return [
    `${name}: its time was over after ${done} ${done === 1 ? 'step' : 'steps'}, and an epoch has ${epoch}: it is hardly trained. ` +
      'Give the run more time, or a teacher that is trained already.',
  ];
}

/** What the moving average of a student's weights does beside its last weights. */
export function averageInWords({ name, agreement, ema }: StudentResult): string[] {
  if (ema === undefined) return [];
  const agrees =
    ema.agreement === undefined
      ? ''
      : `: agreement ${formatShare(ema.agreement)}, with the last weights ${formatShare(agreement ?? null)}`;
  const errs = ema.testError === null ? '' : `; test error ${formatShare(ema.testError)}`;
  return [
    `${name}: the moving average of its weights${ema.decay === null ? '' : ` (decay ${ema.decay})`} is in student/${name}/ema${agrees}${errs}. ` +
      `\`--select ${name}/ema\` takes it.`,
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
  task: TaskDescription,
  testCount: number,
): string {
  const { result } = student;
  const alone = students.find((other) => other !== student && isControlOf(other, student))?.result;
  if (alone === undefined) {
    const name = controlName(dataTermOf(student)!.name);
    return `${result.name}: nothing to compare with; add its data term alone to --methods (${name}, without labels, options as here).`;
  }
  const [primary] = task.metrics;
  const [own, others] = [metricOf(result, primary), metricOf(alone, primary)];
  const names = { name: result.name, other: alone.name };
  if (own === null || others === null) {
    if (result.agreement === undefined || alone.agreement === undefined)
      return `${result.name}: nothing was measured.`;
    return compareValues(names, AGREEMENT, [result.agreement, alone.agreement], task, testCount);
  }
  return compareValues(names, primary, [own, others], task, testCount);
}

/**
 * A metric of two students on the same test images. Of one prediction per image, the difference stands against the
 * sampling error of the test set alone; predictions of the same image depend on each other, so of several the sampling
 * error is not known.
 */
function compareValues(
  { name, other }: { readonly name: string; readonly other: string },
  metric: TaskMetric,
  [value, otherValue]: readonly [number, number],
  { perImage }: TaskDescription,
  count: number,
): string {
  const difference = value - otherValue;
  const { unit = 'share', better } = metric;
  const verdict = (better === 'higher' ? difference > 0 : difference < 0) ? 'better' : 'worse';
  const lead = `${name}: ${verdict} than ${other} here, with a single seed, so a lead and not a result`;
  const both = `${metric.name} ${formatMetric(value, metric)} against ${formatMetric(otherValue, metric)}`;
  if (!perImage || unit !== 'share') {
    if (difference === 0) return `${name}: not distinguishable from ${other} (single seed): ${both}.`;
    return `${lead}: ${both}.`;
  }
  const pooled = (value + otherValue) / 2;
  const interval = 1.96 * Math.sqrt((2 * pooled * (1 - pooled)) / Math.max(1, count));
  const numbers = `${both}, difference ${(100 * difference).toFixed(2)} ± ${(100 * interval).toFixed(2)} points by test sampling alone`;
  return Math.abs(difference) <= interval
    ? `${name}: not distinguishable from ${other} (single seed): ${numbers}.`
    : `${lead}: ${numbers}.`;
}

import { AncError, type TaskMetric, type Tree } from '@anc/core';
import { suggestion } from '../text/nearest.js';

/** A metric and its smallest value that is good enough. */
export interface Threshold {
  readonly metric: string;
  readonly least: number;
  /** The task's metric; null for the agreement with the teacher. */
  readonly of: TaskMetric | null;
}

/** A metric that is below its threshold, or was no number. */
export interface MissedThreshold {
  /** Name of the metric, as it was asked for. */
  readonly metric: string;
  /** The value that is required. */
  readonly least: number;
  /** What was measured; null where it is no number. */
  readonly value: number | null;
}

/** Name of a metric of which more is better: errors become accuracies. */
const nameOf = ({ name, better }: TaskMetric): string | null =>
  better === 'higher' ? name : name.endsWith('error') ? name.replace(/error$/, 'accuracy') : null;

/**
 * Checks thresholds against what a task measures: `agreement`, and its metrics of which more is better; for
 * classification `accuracy` and `top5-accuracy`. Throws `ANC_USAGE`.
 */
export function readThresholds(
  failUnder: Readonly<Record<string, number>>,
  metrics: readonly TaskMetric[],
): Threshold[] {
  const known = new Map<string, TaskMetric | null>([['agreement', null]]);
  for (const metric of metrics) {
    const name = nameOf(metric);
    if (name !== null) known.set(name, metric);
  }
  return Object.entries(failUnder).map(([metric, least]) => {
    const of = known.get(metric);
    if (of === undefined) {
      const names = [...known.keys()];
      const hint = suggestion(metric, names);
      throw new AncError('ANC_USAGE', `--fail-under: there is no metric "${metric}".`, {
        expected: `some of ${names.join(', ')}`,
        received: metric,
        ...(hint === null ? {} : { hint }),
      });
    }
    const isShare = of === null || (of.unit ?? 'share') === 'share';
    if (Number.isFinite(least) && (!isShare || (least >= 0 && least <= 1))) return { metric, least, of };
    throw new AncError('ANC_USAGE', `--fail-under: ${metric} cannot be ${least}.`, {
      expected: isShare ? 'a number from 0 to 1' : 'a number',
      received: String(least),
    });
  });
}

/** Throws `ANC_USAGE` where a metric will have no value, before anything is computed. */
export function assertMeasurable(
  thresholds: readonly Threshold[],
  { targets, teacher }: { readonly targets: boolean; readonly teacher: boolean },
): void {
  for (const { metric, of } of thresholds) {
    if (of === null ? teacher : targets) continue;
    throw new AncError('ANC_USAGE', `--fail-under: ${metric} cannot be measured.`, {
      received: of === null ? 'no teacher' : 'images without labels',
      hint:
        of === null
          ? 'name the teacher with --teacher; of a run it is known.'
          : 'give images with labels with --dataset, or require the agreement with the teacher.',
    });
  }
}

/** The metrics that are below their thresholds. */
export function missedThresholds(
  thresholds: readonly Threshold[],
  measured: Tree<number> | null,
  agreement: number | null,
): MissedThreshold[] {
  return thresholds.flatMap(({ metric, least, of }) => {
    const raw = of === null ? agreement : (measured?.[of.name] ?? null);
    const value = raw === null ? null : Number((of?.better === 'lower' ? 1 - raw : raw).toFixed(9)); // 1 - 0.07 is not 0.93
    return value !== null && value >= least ? [] : [{ metric, least, value }];
  });
}

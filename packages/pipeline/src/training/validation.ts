import type { HostTensor, TaskMetric, Tree, Variables } from '@anc/core';

/** What was measured on the held-out images after an epoch. */
export interface HeldOut {
  /**
   * The task's primary metric; null where the data has no targets. Checkpoints hold it under this name, which is that of
   * a classifier's, for every task.
   */
  readonly error: number | null;
  /** Share of equal predictions of teacher and model; null for the teacher itself. */
  readonly agreement: number | null;
}

/** The epoch that did best on the held-out images, and what it did. */
export interface BestEpoch extends HeldOut {
  /** From 0. */
  readonly epoch: number;
}

/** Evaluates a model between epochs on images that it is not trained on. The test images are never used here. */
export interface Validation {
  /**
   * What counts: the task's primary metric, where training reads targets anyway; else the agreement with the teacher, so
   * that without labels none choose the weights either.
   */
  readonly by: 'metric' | 'agreement';
  /** The primary metric. */
  readonly metric: TaskMetric;
  measure(variables: Variables<HostTensor>): Promise<HeldOut>;
}

/** The better of two epochs; the earlier where they are equal. */
export function better(
  best: BestEpoch | null,
  next: BestEpoch,
  choice: Pick<Validation, 'by' | 'metric'>,
): BestEpoch {
  return best === null || loss(next, choice) < loss(best, choice) ? next : best;
}

function loss({ error, agreement }: HeldOut, { by, metric }: Pick<Validation, 'by' | 'metric'>): number {
  if (by === 'agreement') return 1 - (agreement ?? -Infinity);
  return error === null ? Infinity : metric.better === 'lower' ? error : -error;
}

/** As metrics: `validation/<primary metric>`, `validation/agreement`, what is known of them. */
export const asMetrics = (
  { error, agreement }: HeldOut,
  { name }: TaskMetric,
  prefix = 'validation',
): Tree<number> => ({
  ...(error === null ? {} : { [`${prefix}/${name}`]: error }),
  ...(agreement === null ? {} : { [`${prefix}/agreement`]: agreement }),
});

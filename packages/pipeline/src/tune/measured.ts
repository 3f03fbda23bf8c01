import type { TaskMetric, Tree } from '@anc/core';
import { metricFields, metricOf, type TaskDescription } from '@anc/core/internal';

/** The primary metric in a document of a tuning: numbers, or what is made of those of several seeds. */
export interface MeasuredFields<T = number> {
  /** The error of a classifier; null without labels, and for other tasks. */
  readonly error: T | null;
  /** The primary metric of other tasks, by name. */
  readonly metrics?: Tree<T>;
}

/** The primary metric as fields; null where it was not measured. */
export function measuredFields<T>(
  { name, metrics: [primary] }: Pick<TaskDescription, 'name' | 'metrics'>,
  value: T | null | undefined,
): MeasuredFields<T> {
  const measured = value === null || value === undefined ? null : { [primary.name]: value };
  const { testError, ...others } = metricFields({ name, metrics: [primary] }, measured);
  return { error: testError, ...others };
}

/** The primary metric of such fields; null where it was not measured. */
export const measuredValue = <T>({ error, metrics }: MeasuredFields<T>, primary: TaskMetric): T | null =>
  metricOf({ testError: error, ...(metrics && { metrics }) }, primary);

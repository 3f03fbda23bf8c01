import type { TaskMetric } from '../contracts/task.js';
import type { Tree } from '../tree/tree.js';
import { classification } from './classification/classification.js';
import type { TaskDescription } from './task-description.js';

/** A model's metrics in a document: numbers, or what a comparison makes of the numbers of several seeds. */
export interface MetricFields<T = number> {
  /** The error of a classifier; null for other tasks, and where the images have no labels. */
  readonly testError: T | null;
  /** Metrics of other tasks, by name; absent where the images have no targets. */
  readonly metrics?: Tree<T>;
}

/** Fields of a classifier's metrics, which documents have had since their first version. */
const FIELDS: Readonly<Record<string, string>> = { error: 'testError', 'top5-error': 'testTop5Error' };

/** Metrics as fields of a document. measured: what is known, by the metrics' names; null without targets. */
export function metricFields<T>(
  { name, metrics }: Pick<TaskDescription, 'name' | 'metrics'>,
  measured: Tree<T> | null,
): MetricFields<T> {
  const known = metrics.flatMap((metric) => {
    const value = measured?.[metric.name];
    return value === undefined ? [] : [[metric.name, value] as const];
  });
  if (name === classification.name) {
    return { testError: null, ...Object.fromEntries(known.map(([own, value]) => [FIELDS[own]!, value])) };
  }
  return { testError: null, ...(known.length === 0 ? {} : { metrics: Object.fromEntries(known) }) };
}

/** A metric's value in a model's part of a document; null where it was not measured. */
export function metricOf<T>(result: MetricFields<T>, { name }: TaskMetric): T | null {
  const { metrics } = result;
  const fields = metrics ?? (result as unknown as Tree<T | null>);
  return fields[metrics === undefined ? (FIELDS[name] ?? name) : name] ?? null;
}

/** The primary metric of the held-out images as fields of a document; null without targets. */
export const validationFields = (
  { name, metrics: [primary] }: Pick<TaskDescription, 'name' | 'metrics'>,
  value: number | null,
): { readonly validationError: number | null; readonly validation?: Tree<number> } =>
  name === classification.name
    ? { validationError: value }
    : { validationError: null, ...(value === null ? {} : { validation: { [primary.name]: value } }) };

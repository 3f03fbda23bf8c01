import type { Tree } from '../tree/tree.js';

/** Sums of metrics over the steps of an epoch, so that an interrupted epoch ends with the same means. */
export interface MetricAccumulator {
  /** Steps that were added. */
  readonly count: number;
  /** Sums of the metrics over those steps, by name. */
  readonly sums: Tree<number>;
}

export const emptyAccumulator: MetricAccumulator = { count: 0, sums: {} };

/**
 * Adds the means of the metrics over `count` steps. A metric that is absent from some steps counts as 0 there: the
 * mean is over all steps.
 */
export function accumulate(
  accumulator: MetricAccumulator,
  means: Tree<number>,
  count: number,
): MetricAccumulator {
  const sums: Record<string, number> = { ...accumulator.sums };
  for (const [name, mean] of Object.entries(means)) sums[name] = (sums[name] ?? 0) + mean * count;
  return { count: accumulator.count + count, sums };
}

/** Adds the metrics of single steps, one after the other: the sums do not depend on how the steps are cut into calls. */
export function addRuns(accumulator: MetricAccumulator, runs: readonly Tree<number>[]): MetricAccumulator {
  const sums: Record<string, number> = { ...accumulator.sums };
  for (const run of runs) {
    for (const [name, value] of Object.entries(run)) sums[name] = (sums[name] ?? 0) + value;
  }
  return { count: accumulator.count + runs.length, sums };
}

/** Means over all accumulated steps. */
export const meansOf = ({ count, sums }: MetricAccumulator): Record<string, number> =>
  Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, sum / count]));

/** Means over several runs, summed in their order. */
export const meansOfRuns = (runs: readonly Tree<number>[]): Record<string, number> =>
  meansOf(addRuns(emptyAccumulator, runs));

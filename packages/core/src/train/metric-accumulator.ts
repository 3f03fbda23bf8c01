import { namesOf, type Tree } from '../tree/tree.js';

/** Sums of metrics over the steps of an epoch, so that an interrupted epoch ends with the same means. */
export interface MetricAccumulator {
  /** Steps that were added. */
  readonly count: number;
  /** Sums of the metrics over those steps, by name. */
  readonly sums: Tree<number>;
  /** Number of steps that had a metric, of those alone that not every step had. */
  readonly counts?: Tree<number>;
}

export const emptyAccumulator: MetricAccumulator = { count: 0, sums: {} };

const stepsWith = ({ count, sums, counts }: MetricAccumulator, name: string): number =>
  name in sums ? (counts?.[name] ?? count) : 0;

/** Adds sums of metrics over `count` steps, all of which have these metrics. */
function added(accumulator: MetricAccumulator, sums: Tree<number>, count: number): MetricAccumulator {
  const total = accumulator.count + count;
  const all = { ...accumulator.sums };
  for (const [name, sum] of Object.entries(sums)) all[name] = (all[name] ?? 0) + sum;
  const counts = namesOf(all).flatMap((name) => {
    const steps = stepsWith(accumulator, name) + (name in sums ? count : 0);
    return steps === total ? [] : [[name, steps] as const];
  });
  return {
    count: total,
    sums: all,
    ...(counts.length > 0 && { counts: Object.fromEntries(counts) }),
  };
}

/**
 * Adds the means of the metrics over `count` steps. The mean of a metric that is absent from some steps is over those that
 * have it.
 */
export const accumulate = (
  accumulator: MetricAccumulator,
  means: Tree<number>,
  count: number,
): MetricAccumulator =>
  added(
    accumulator,
    Object.fromEntries(Object.entries(means).map(([name, mean]) => [name, mean * count])),
    count,
  );

/** Adds the metrics of single steps, one after the other: the sums do not depend on how the steps are cut into calls. */
export const addRuns = (accumulator: MetricAccumulator, runs: readonly Tree<number>[]): MetricAccumulator =>
  runs.reduce((sum, run) => added(sum, run, 1), accumulator);

/** Means over the accumulated steps that have a metric. */
export const meansOf = (accumulator: MetricAccumulator): Record<string, number> =>
  Object.fromEntries(
    Object.entries(accumulator.sums).map(([name, sum]) => [name, sum / stepsWith(accumulator, name)]),
  );

/** Means over several runs, summed in their order. */
export const meansOfRuns = (runs: readonly Tree<number>[]): Record<string, number> =>
  meansOf(addRuns(emptyAccumulator, runs));

import type { Tree } from '../tree/tree.js';

/** Means of metrics over several runs, summed in their order; a metric that is absent from a run counts as 0 there. */
export function meansOfRuns(runs: readonly Tree<number>[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const run of runs) {
    for (const [name, value] of Object.entries(run)) sums[name] = (sums[name] ?? 0) + value;
  }
  return Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, sum / runs.length]));
}

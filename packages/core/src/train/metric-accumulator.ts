import type { Tree } from '../tree/tree.js';
import type { MetricAccumulator } from './events.js';

export const emptyAccumulator: MetricAccumulator = { count: 0, sums: {} };

/** Adds means over `count` steps. A metric absent from some steps is averaged over all the same. */
export function accumulate(tally: MetricAccumulator, means: Tree<number>, count: number): MetricAccumulator {
  const sums: Record<string, number> = { ...tally.sums };
  for (const [name, mean] of Object.entries(means)) sums[name] = (sums[name] ?? 0) + mean * count;
  return { count: tally.count + count, sums };
}

export const meansOf = ({ count, sums }: MetricAccumulator): Record<string, number> =>
  Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, sum / count]));

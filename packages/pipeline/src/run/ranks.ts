import type { RankGroup } from '@anc/core/internal';
import type { Execution } from './execution.js';

/** Whether this process is the rank that writes, reports and calls hooks: alone, it is. */
export const isFirst = (ranks: RankGroup | undefined): boolean => ranks === undefined || ranks.rank === 0;

/** Work that all ranks do: where it fails on one, it fails on all, with the same error. */
export const together = <T>(ranks: RankGroup | undefined, work: () => Promise<T>): Promise<T> =>
  ranks === undefined ? work() : ranks.guard(work);

/**
 * A run as one of the ranks executes it: hooks are called by the first one alone, and a signal stops all ranks after the same
 * step, whichever of them received it.
 */
export function onRank(execution: Execution, ranks: RankGroup): Execution {
  const { plan, signal } = execution;
  const stop = (): void => ranks.requestStop();
  if (signal.aborted) stop();
  else signal.addEventListener('abort', stop, { once: true });
  return {
    ...execution,
    ranks,
    signal: ranks.signal,
    plan: { ...plan, hooks: isFirst(ranks) ? plan.hooks : [] },
  };
}

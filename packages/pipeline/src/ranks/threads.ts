import { availableParallelism, cpus, hostname } from 'node:os';
import type { RankGroup } from '@anc/core/internal';
import type { RunOptions } from '../options/run-options.js';
import { sharedThreads } from '../options/threads.js';

/** Processors of a rank, where the launcher has bound it to some of them or leaves it all that `local` ranks share. */
export function threadsOf(local: number, available = availableParallelism(), all = cpus().length): number {
  return available < all ? available : sharedThreads(local, available);
}

/** How many ranks are on the machine of this one. */
export async function localRanks(ranks: RankGroup): Promise<number> {
  const own = hostname();
  let local = 0;
  for (let root = 0; root < ranks.ranks; root++) {
    const name = await ranks.broadcast(new TextEncoder().encode(own), root);
    if (new TextDecoder().decode(name) === own) local++;
  }
  return local;
}

/** The planned options with the threads that were requested: a run may be resumed on other machines. */
export const withRequestedThreads = (
  planned: RunOptions,
  { compute: { threads } }: RunOptions,
): RunOptions => ({
  ...planned,
  compute: { ...planned.compute, threads },
});

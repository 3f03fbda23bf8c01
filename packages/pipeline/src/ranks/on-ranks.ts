import type { Collective } from '@anc/core';
import { isSharedError, RankGroup } from '@anc/core/internal';

/**
 * Does work as one of several ranks, or alone, and closes what connects them. An error of one rank is thrown on all of them at
 * their next operation; one that could not be reported to them leaves the connection open, so that the launcher ends them.
 */
export async function onRanks<T>(
  collective: Collective | null | undefined,
  work: (ranks: RankGroup | undefined) => Promise<T>,
): Promise<T> {
  if (collective === null || collective === undefined) return work(undefined);
  const ranks = new RankGroup(collective);
  try {
    const result = await ranks.guard(() => work(ranks));
    await ranks.finish();
    return result;
  } catch (error) {
    if (isSharedError(error)) await ranks.close();
    throw error;
  }
}

import type { Progress } from '@anc/core';
import type { RankGroup } from '@anc/core/internal';
import type { TeacherCache } from '@anc/runtime';

/**
 * Moves the outputs of the teacher that ranks have in memory to those that need them in the next epoch, so that each is kept by one
 * rank and computed by one. Ranks that share a folder find there what others have computed as well. Called by all ranks after an
 * epoch, with the folder flushed.
 *
 * @param rankOf which rank shows an image in a view in the next epoch; the same on all ranks
 */
export async function shareOutputs(
  cache: TeacherCache,
  ranks: RankGroup,
  rankOf: (image: number, view: number) => number,
): Promise<void> {
  await ranks.agree(); // then what each of them computed is on disk
  await cache.refresh();
  const own = await ranks.guard(() => cache.giveAway(rankOf, ranks.rank));
  for (let root = 0; root < ranks.ranks; root++) {
    const bytes = await ranks.broadcast(own, root);
    if (root !== ranks.rank) await ranks.guard(() => cache.receive(bytes, rankOf, ranks.rank));
  }
}

/** The epoch that follows; after the last one the first, with which another model starts on the same images. */
export const nextEpoch = ({ epoch, epochs }: Progress): number => (epoch + 1 < epochs ? epoch + 1 : 0);

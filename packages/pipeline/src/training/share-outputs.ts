import type { RankGroup } from '@anc/core/internal';
import type { TeacherCache } from '@anc/runtime';

/**
 * Gives all ranks what each of them has computed of the teacher since the last call: by the folder, for those that share one,
 * and by messages. So every output is computed by one rank. Called by all ranks after an epoch, with the folder flushed.
 */
export async function shareOutputs(cache: TeacherCache, ranks: RankGroup): Promise<void> {
  await ranks.agree(); // then what each of them computed is on disk
  await cache.refresh();
  const own = await ranks.guard(() => cache.takeComputed());
  for (let root = 0; root < ranks.ranks; root++) {
    const bytes = await ranks.broadcast(own, root);
    if (root !== ranks.rank) await ranks.guard(() => cache.receive(bytes));
  }
}

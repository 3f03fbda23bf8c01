import type { Rank } from '@anc/core';
import type { Streams } from '../terminal/terminal.js';

/** Variables of launchers; which of them is looked at is decided where MPI is. */
const PLACES = ['OMPI_COMM_WORLD_RANK', 'PMI_RANK', 'PMIX_RANK'];

/** Streams of the ranks that say nothing: the first one speaks for all. */
export const silent: Streams = {
  stdout: { write: () => true, isTTY: false, columns: 80 },
  stderr: { write: () => true, isTTY: false, columns: 80 },
};

/** Which of several processes this is; null where it is alone, which costs nothing to find out. */
export async function startedRank(environment: NodeJS.ProcessEnv): Promise<Rank | null> {
  if (!PLACES.some((name) => environment[name] !== undefined)) return null;
  const { launcherOf } = await import('@anc/pipeline/internal');
  const launcher = launcherOf(environment);
  return launcher === null || launcher.ranks === 1 ? null : launcher;
}

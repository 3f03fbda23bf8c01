import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { crc32 } from 'node:zlib';
import type { RankGroup } from '@anc/core/internal';
import { planRun } from '../planning/plan.js';
import type { Planner } from '../planning/planned.js';
import type { RunData } from '../data/training-data.js';
import { withThreads } from '../options/threads.js';
import {
  resumeWith,
  startWith,
  type ResumeRequest,
  type StartedRun,
  type StartRequest,
} from '../run/start.js';
import { assertRankedOptions, assertRankedPlan, otherPlans, sameForAll } from './assert-ranked.js';
import { mirrorFolder } from './mirror-folder.js';
import { localRanks, threadsOf, withRequestedThreads } from './threads.js';

/**
 * Starts a run on all ranks: each plans it, the first one creates the run folder, and the others work in a temporary folder of
 * their own, so that they do what one process does and write nothing that is kept. An error on one is thrown on all of them.
 *
 * @throws `ANC_CONFIG` for options that are for one process, `ANC_RANKS` where the ranks planned different runs.
 */
export const startOnRanks = (ranks: RankGroup, request: StartRequest): Promise<StartedRun> =>
  inTurn(ranks, {
    start: (scratch, planner) => {
      const { options } = request;
      if (scratch === null) return startWith(planner, { ...request, ranks: ranks.ranks });
      const output = { ...options.output, directory: scratch, name: 'run' };
      return startWith(planner, { ...request, emit: silent, options: { ...options, output } });
    },
    undo: ({ folder }) => rm(folder.path, { recursive: true, force: true }), // it was created just now
  });

/** The same with a run that is resumed: the folder of the first rank is copied to the others, wherever they are. */
export const resumeOnRanks = (ranks: RankGroup, request: ResumeRequest): Promise<StartedRun> =>
  inTurn(ranks, {
    start: (scratch, planner) => {
      if (scratch === null) return resumeWith(planner, { ...request, ranks: ranks.ranks });
      return resumeWith(planner, { ...request, emit: silent, path: join(scratch, 'run') });
    },
    prepare: (scratch) =>
      mirrorFolder(ranks, scratch === null ? resolve(request.cwd, request.path) : join(scratch, 'run')),
  });

const silent = (): void => undefined;

const plannerFor =
  (ranks: RankGroup, threads: number): Planner<RunData> =>
  async (request) => {
    const { options } = request;
    assertRankedOptions(options, ranks.ranks);
    const plan = await planRun({ ...request, rankGroup: ranks, options: withThreads(options, threads) });
    try {
      assertRankedPlan(plan);
      return { ...plan, options: withRequestedThreads(plan.options, options) };
    } catch (error) {
      await plan.dispose().catch(() => undefined);
      throw error;
    }
  };

/** What starting has in common; `scratch` is a temporary folder, null on the first rank. */
interface Starting {
  start(scratch: string | null, planner: Planner<RunData>): Promise<StartedRun>;
  /** Called on all ranks when the first one has started. */
  prepare?(scratch: string | null): Promise<void>;
  /** Called on the first rank where another one could not start. */
  undo?(run: StartedRun): Promise<void>;
}

/** The first rank starts, then the others: what it downloads is there for those that share its disk. */
async function inTurn(ranks: RankGroup, { start, prepare, undo }: Starting): Promise<StartedRun> {
  const scratch = ranks.rank === 0 ? null : await mkdtemp(join(tmpdir(), 'anc-rank-'));
  const clean = async (): Promise<void> => {
    if (scratch !== null) await rm(scratch, { recursive: true, force: true });
  };
  let run: StartedRun | null = null;
  try {
    const planner = plannerFor(ranks, threadsOf(await localRanks(ranks)));
    if (scratch === null) run = await ranks.guard(() => start(null, planner));
    await ranks.agree();
    await prepare?.(scratch);
    run ??= await ranks.guard(() => start(scratch, planner));
    await ranks.agree();
    await ranks.agree(crc32(sameForAll(run.plan)), otherPlans);
    const { release } = run;
    return { ...run, release: () => release().finally(clean) };
  } catch (error) {
    await run?.release();
    if (run !== null && scratch === null) await undo?.(run);
    await clean();
    throw error;
  }
}

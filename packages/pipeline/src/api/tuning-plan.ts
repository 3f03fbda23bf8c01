import { shellQuoted } from '@anc/core/internal';
import type { Emit } from '../events/events.js';
import type { JobPlan } from '../jobs/job.js';
import { isGiven } from '../options/given-model.js';
import { planTraining } from '../planning/plan.js';
import { resumeWith } from '../run/start.js';
import { executeTuning, executeTuningTeacher, type Tuning } from '../tune/execute.js';
import { readRecord, runFolder } from '../tune/folder.js';
import { tuningJobs, type OpenTuning } from '../tune/jobs.js';
import { openTargets, type OpenTargets } from '../tune/targets.js';
import { continuedCall, type ContinueOptions } from './runs-folder.js';
import { readOptions } from '../options/record.js';
import { foundPlugins } from '../run/compare-plugins.js';
import { RunFolder } from '@anc/runtime';
import type { Composition } from '../composition/compose.js';

/** The jobs of a tuning for a process that takes some of them. */
export async function tuningPlan(
  folder: string,
  options: ContinueOptions,
  emit: Emit,
): Promise<{ readonly plan: JobPlan }> {
  const { path, cwd, fetching, acceptPlugins, compose, changes } = continuedCall(folder, options);
  const signal = options.signal ?? new AbortController().signal;
  const record = await readRecord(path);
  const run = await RunFolder.open(runFolder(path));
  const recorded = readOptions(await run.readConfig());
  const composition: Composition = await compose(recorded.plugins, await foundPlugins(run));
  const again = `anc-cli tune --resume ${shellQuoted(path)}`;
  const request = {
    path: run.path,
    cwd,
    fetching,
    acceptPlugins,
    again,
    compose: () => Promise.resolve(composition),
  };
  /** Does something while this process alone works in the run folder. */
  const locked = async (work: (tuning: Tuning) => Promise<boolean>): Promise<boolean> => {
    const { plan, folder: opened, release } = await resumeWith(planTraining, { ...request, emit, changes });
    try {
      return await work({ path, cwd, record, plan, composition, folder: opened, emit, signal });
    } finally {
      await release();
    }
  };
  let shared: {
    readonly targets: OpenTargets;
    readonly plan: OpenTuning['plan'];
    release(): Promise<void>;
  } | null = null;
  const open = async (): Promise<OpenTuning> => {
    shared ??= await openShared();
    return shared;
  };
  const openShared = async () => {
    const quiet: Emit = (event) => (event.type === 'notice' ? undefined : emit(event)); // every process gives the same
    const started = await resumeWith(planTraining, {
      ...request,
      emit: quiet,
      changes,
      unlocked: true,
    });
    const { plan, folder: opened, release } = started;
    try {
      return {
        plan,
        targets: await openTargets(plan, opened, plan.data.held!, { emit: quiet, signal }),
        release,
      };
    } catch (error) {
      await release();
      throw error;
    }
  };
  const plan = tuningJobs({
    path,
    record,
    options: recorded,
    composition,
    isGiven: isGiven(recorded.teacher.model),
    teach: (call) => locked((tuning) => executeTuningTeacher({ ...tuning, ...call })),
    open,
    report: (call) => locked(async (tuning) => (await executeTuning({ ...tuning, ...call })) !== null),
  });
  return {
    plan: {
      ...plan,
      async close() {
        await shared?.targets.close();
        await shared?.release();
      },
    },
  };
}

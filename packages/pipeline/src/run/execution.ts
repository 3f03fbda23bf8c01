import type { HookRun, HostTensor, Variables } from '@anc/core';
import type { RankGroup } from '@anc/core/internal';
import type { RunFolder } from '@anc/runtime';
import type { DivergedStudent } from '../events/documents.js';
import type { HookRunner } from '../hooks/hook-runner.js';
import type { Emit } from '../events/events.js';
import type { Plan, TrainingPlan } from '../planning/plan.js';
import type { RunClock } from './run-clock.js';
import type { SharedTeacherOutputs } from '../training/teacher-cache.js';

/** A planned run whose folder is there and locked, and who hears of it. */
export interface Execution {
  readonly plan: Plan;
  readonly folder: RunFolder;
  /** The folder's path for people, relative to the working directory where that is shorter. */
  readonly shown: string;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  /** Whether training goes on that a hook had stopped. */
  readonly continueStopped?: boolean;
  /** Keeps the teacher's outputs for the next run of the same teacher on the same images. */
  readonly shared?: SharedTeacherOutputs;
  /** The other ranks, where several processes train together: all of them execute the same run. */
  readonly ranks?: RankGroup | undefined;
  /** Seconds that this process had used for the run before it is executed; default: 0. */
  readonly spent?: number;
  /** Students that diverged in other processes: they are reported, and not trained again. */
  readonly diverged?: ReadonlyMap<string, DivergedStudent>;
  /** Names of all students of the run that the planned ones are some of; default: the planned ones. */
  readonly among?: readonly string[];
}

/** The same with what the models of a run share. */
export interface RunContext extends Execution {
  readonly hooks: HookRunner;
  /** The time that the run has used, where it has a time. */
  readonly clock?: RunClock;
  /** The frozen teacher's variables, when students are trained; null where it is no network. */
  readonly teacherVariables?: Variables<HostTensor> | null;
}

/** What hooks learn of a run. */
export const hookRunOf = ({
  plan: { options, students },
  folder,
  emit,
}: {
  readonly plan: Pick<TrainingPlan, 'options' | 'students'>;
  readonly folder: Pick<RunFolder, 'path'>;
  readonly emit?: Emit;
}): HookRun => ({
  folder: folder.path,
  dataset: options.data.dataset.name,
  seed: options.training.seed,
  models: ['teacher', ...students.map(({ name }) => name)],
  ...(emit && { notice: (message: string) => emit({ type: 'notice', message }) }),
});

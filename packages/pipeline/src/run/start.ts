import { basename, join, resolve } from 'node:path';
import { AncError, isAncError } from '@anc/core';
import { assertCreatable, assertSpace, freeName, RunFolder } from '@anc/runtime';
import { pluginPath } from '../composition/load-plugin.js';
import type { RunData, TrainingData } from '../data/training-data.js';
import type { Emit } from '../events/events.js';
import { describeChange, recordChange } from '../files/recorded-options.js';
import { finishedModels, verifyRun } from '../files/verify.js';
import { optionError } from '../options/option-error.js';
import { formatOptions } from '../options/record.js';
import { datasetLabel, recordedFolder } from '../options/folder-dataset.js';
import type { OutputOptions, RunOptions } from '../options/run-options.js';
import { anchoredTeacher } from '../planning/given-teacher.js';
import { anchoredStudent } from '../planning/onnx-student.js';
import { planRun, type Plan, type Planner, type PlanRequest } from '../planning/plan.js';
import { unusedNotice } from '../planning/unused-options.js';
import type { InstalledPlugin } from '../plugins/load-composition.js';
import { shownPath } from '../text/shown-path.js';
import { comparePlugins, foundPlugins } from './compare-plugins.js';
import { compareEnvironment, recordEnvironment } from './record-environment.js';
import { asBegun } from './as-begun.js';
import { withRecordedNames } from './recorded-names.js';
import { spaceFor } from './space.js';
import { optionsToResume } from './resumed-options.js';
import { assertTrainedWith, unfinishedModels } from './unfinished.js';

/** A run whose folder exists and is locked. */
export interface StartedRun<D extends TrainingData = RunData> {
  readonly plan: Plan<D>;
  readonly folder: RunFolder;
  /** The folder's path for people. */
  readonly shown: string;
  release(): Promise<void>;
}

/** A new run: what is planned, and where it goes. */
export interface StartRequest extends PlanRequest {
  /** Relative paths start here. */
  readonly cwd: string;
  readonly emit: Emit;
  /** Awaited when everything is checked, before the folder is created. */
  readonly prepared?: () => Promise<void>;
  /** How many processes train together; default: this one alone. */
  readonly ranks?: number;
}

/** A run to resume: the values that its record cannot hold, and changes that do not affect the result. */
export interface ResumeRequest extends Omit<PlanRequest, 'options' | 'given' | 'composition'> {
  readonly path: string;
  readonly cwd: string;
  readonly emit: Emit;
  readonly changes: Readonly<Record<string, unknown>>;
  /** Whether options that the result depends on may be changed, or were edited in the folder: it is recorded. */
  readonly acceptChanges?: boolean;
  /** Loads the plugins that the record names. */
  readonly compose: (
    plugins: readonly string[],
    found?: readonly InstalledPlugin[],
  ) => Promise<PlanRequest['composition']>;
  /** Whether plugins may have changed since the run began: it is recorded. */
  readonly acceptPlugins?: boolean | undefined;
  /** Whether training goes on that a hook had stopped: such a model is not finished. */
  readonly continueStopped?: boolean;
  /** The command that continues, for errors; default: the run's own. */
  readonly again?: string | undefined;
  /** How many processes train together; default: this one alone. */
  readonly ranks?: number;
  /** Whether the run is only read: another process may be working in it. */
  readonly unlocked?: boolean;
}

/** Checks everything, then creates the run folder: where this throws an AncError, nothing was written. */
export const startRun = (request: StartRequest): Promise<StartedRun> => startWith(planRun, request);

/** The same with another planner. */
export async function startWith<D extends TrainingData>(
  planner: Planner<D>,
  request: StartRequest,
): Promise<StartedRun<D>> {
  const { cwd, emit } = request;
  const options = anchored(request.options, cwd);
  const { output } = options;
  assertName(output);
  await assertCreatable(await pathOf(options, cwd));
  const plan = await planner({ ...request, options });
  try {
    for (const option of plan.unused) emit(unusedNotice(option));
    for (const message of plan.notices) emit({ type: 'notice', message });
    await assertSpace(await pathOf(options, cwd), spaceFor(plan));
    await request.prepared?.();
    const folder = await createFolder(plan.options, cwd);
    const unlock = await folder.lock();
    try {
      await recordEnvironment(folder, plan, cwd, request.ranks);
    } catch (error) {
      await unlock().catch(() => undefined);
      throw error;
    }
    return started(plan, folder, unlock, cwd);
  } catch (error) {
    await plan.dispose().catch(() => undefined);
    throw error;
  }
}

/** Opens an interrupted run's folder and checks that it can continue here. */
export const resumeRun = (request: ResumeRequest): Promise<StartedRun> => resumeWith(planRun, request);

/** The same with another planner. */
export async function resumeWith<D extends TrainingData>(
  planner: Planner<D>,
  {
    path,
    cwd,
    emit,
    changes,
    acceptChanges = false,
    acceptPlugins = false,
    continueStopped = false,
    again,
    unlocked = false,
    compose,
    ranks,
    ...request
  }: ResumeRequest,
): Promise<StartedRun<D>> {
  const folder = await RunFolder.open(resolve(cwd, path));
  const notice = (message: string): void => emit({ type: 'notice', message });
  const unlock = unlocked ? () => Promise.resolve() : await readable(folder, folder.lock());
  try {
    await readable(folder, verifyRun(folder));
    const resumed = await optionsToResume(folder, changes, acceptChanges);
    const own = anchored(resumed.options, cwd);
    const composition = await compose(own.plugins, await foundPlugins(folder));
    const options = await asBegun(own, folder, composition, resumed.changed);
    const plan = await planner({ ...request, options, given: [], composition });
    try {
      const students = await withRecordedNames(plan.students, plan.options.methods, folder);
      const left = await unfinishedModels(folder, { ...plan, students }, continueStopped);
      assertTrainedWith(resumed.changed, plan, left, shownPath(folder.path, cwd));
      plan.notices.forEach(notice);
      await compareEnvironment(folder, plan, cwd, notice, ranks);
      // A run of a comparison may be finished when others are not, which continue with the plugins of today.
      const isOver = left.length === 0 && again === undefined;
      await comparePlugins(folder, plan.plugins, { accept: acceptPlugins, isOver }, notice, again);
      if (resumed.changed.length > 0) {
        notice(
          `options of this run were changed: ${resumed.changed.map(describeChange).join('; ')}; it is recorded.`,
        );
        await recordChange(folder, plan.options, {
          options: resumed.changed,
          finished: (await finishedModels(folder)).filter((name) => !left.includes(name)),
          methods: Object.fromEntries(
            [plan.teacher, ...students].flatMap((model) =>
              'given' in model || !left.includes(model.name) ? [] : [[model.name, model.options]],
            ),
          ),
        });
      }
      return started({ ...plan, students }, folder, unlock, cwd);
    } catch (error) {
      await plan.dispose().catch(() => undefined);
      throw error;
    }
  } catch (error) {
    await unlock().catch(() => undefined);
    throw error;
  }
}

/** The options with absolute paths: a run may be resumed from anywhere. */
export function anchored(options: RunOptions, cwd: string): RunOptions {
  const { data, cache, teacher, student, plugins } = options;
  const absolute = (path: string): string => resolve(cwd, path);
  return {
    ...options,
    data: {
      ...data,
      dataset: recordedFolder(data.dataset, cwd),
      ...(data.transferDataset === undefined
        ? {}
        : { transferDataset: recordedFolder(data.transferDataset, cwd) }),
      directory: data.directory === null ? null : absolute(data.directory),
    },
    cache: { ...cache, ...(cache.directory ? { directory: absolute(cache.directory) } : {}) },
    teacher: { ...teacher, model: anchoredTeacher(teacher.model, cwd) },
    student: {
      ...student,
      model: anchoredStudent(student.model, cwd),
      ...(student.weights === undefined ? {} : { weights: absolute(student.weights) }),
    },
    plugins: plugins.map((name) => pluginPath(name, cwd)),
  };
}

/** A run folder's file, or one error where the system refuses it. */
async function readable<T>({ path }: RunFolder, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    if (isAncError(cause)) throw cause;
    throw new AncError('ANC_RUN_UNWRITABLE', `the run folder "${path}" cannot be worked in.`, {
      received: cause instanceof Error ? cause.message : String(cause),
      hint: 'check the permissions of the folder and of what is in it.',
      cause,
    });
  }
}

function started<D extends TrainingData>(
  plan: Plan<D>,
  folder: RunFolder,
  unlock: () => Promise<void>,
  cwd: string,
): StartedRun<D> {
  return {
    plan,
    folder,
    shown: shownPath(folder.path, cwd),
    /** Throws nothing: it follows results, or an error that it would hide. */
    async release() {
      await plan.dispose().catch(() => undefined);
      await unlock();
    },
  };
}

/** Throws `ANC_CONFIG` where a folder's name is a path. */
export function assertName({ name }: OutputOptions): void {
  if (name === undefined || basename(name) === name) return;
  throw optionError(['output', 'name'], 'expected a name, not a path.', {
    received: name,
    hint: 'set the folder in which run folders are created with --out.',
  });
}

async function pathOf({ output, data }: RunOptions, cwd: string): Promise<string> {
  const parent = resolve(cwd, output.directory);
  return join(
    parent,
    output.name ?? (await freeName(parent, datasetLabel(data.dataset, data.directory, cwd))),
  );
}

/** Takes the next free number where another run took this one in the meantime. */
async function createFolder(options: RunOptions, cwd: string): Promise<RunFolder> {
  for (;;) {
    const path = await pathOf(options, cwd);
    try {
      const output = { ...options.output, name: basename(path) };
      return await RunFolder.create(path, formatOptions({ ...options, output }));
    } catch (error) {
      if (options.output.name !== undefined || !isAncError(error) || error.code !== 'ANC_RUN_EXISTS')
        throw error;
    }
  }
}

import { basename, join, resolve } from 'node:path';
import { AncError, isAncError } from '@anc/core';
import { assertCreatable, freeName, RunFolder } from '@anc/runtime';
import { choiceOf } from '../backends/auto.js';
import { loadComposition } from '../commands/load-composition.js';
import {
  formatConfig,
  resolveRequest,
  resumedConfig,
  type Config,
  type ConfigRequest,
} from '../config/resolve.js';
import type { Fetching } from '../data/open-dataset.js';
import { shownPath } from '../terminal/shown-path.js';
import { anchoredTeacher } from './given-teacher.js';
import type { RunData, TrainingData } from './data.js';
import { planRun, type Plan, type Planned, type Planner } from './plan.js';
import { compareEnvironment, recordEnvironment } from './record-environment.js';
import { unusedOptions } from './unused-options.js';

/** A run whose folder is there and locked. */
export interface StartedRun<D extends TrainingData = RunData> {
  readonly plan: Planned<D>;
  readonly folder: RunFolder;
  /** The folder as people would write it. */
  readonly shown: string;
  release(): Promise<void>;
}

/** Checks everything, then makes the run folder: where this throws an AncError, nothing was written. */
export async function startRun(
  flags: Record<string, unknown>,
  cwd: string,
  notice: (message: string) => void,
  fetching: Fetching = {},
): Promise<StartedRun> {
  return startRequest(await resolveRequest(flags, cwd), cwd, notice, undefined, fetching);
}

/** The same for options that were joined before. `prepared` is awaited when all is checked, before the folder is made. */
export const startRequest = (
  request: ConfigRequest,
  cwd: string,
  notice: (message: string) => void,
  prepared: () => Promise<void> = () => Promise.resolve(),
  fetching: Fetching = {},
): Promise<StartedRun> => startWith(planRun, request, cwd, notice, prepared, fetching);

/** The same by another plan than a run's. */
export async function startWith<D extends TrainingData>(
  planner: Planner<D>,
  { said, place, ...request }: ConfigRequest,
  cwd: string,
  notice: (message: string) => void,
  prepared: () => Promise<void>,
  fetching: Fetching,
): Promise<StartedRun<D>> {
  const config = anchored(request.config, cwd);
  const parent = resolve(cwd, config.out);
  if (config.name !== undefined && basename(config.name) !== config.name) {
    throw new AncError('ANC_CONFIG', '--name: expected a name, not a path.', {
      received: config.name,
      hint: 'say with --out where run folders are made.',
    });
  }
  await assertCreatable(await pathOf(config, parent));
  const composition = await loadComposition(config.plugins, cwd);
  const plan = await planner(config, composition, place, fetching);
  try {
    const notices = [
      ...unusedOptions(config, said, composition),
      ...backendNotices(plan.backends),
      ...plan.notices,
    ];
    notices.forEach(notice);
    await prepared();
    const folder = await createFolder(plan.config, parent);
    const unlock = await folder.lock();
    try {
      await recordEnvironment(folder, plan, cwd);
    } catch (error) {
      await unlock();
      throw error;
    }
    return started(plan, folder, unlock, cwd);
  } catch (error) {
    await plan.dispose();
    throw error;
  }
}

/** Opens an interrupted run's folder and checks that it can go on here. */
export const resumeRun = (
  flags: Record<string, unknown>,
  path: string,
  cwd: string,
  notice: (message: string) => void,
  fetching: Fetching = {},
): Promise<StartedRun> => resumeWith(planRun, flags, path, cwd, notice, fetching);

/** The same by another plan than a run's. */
export async function resumeWith<D extends TrainingData>(
  planner: Planner<D>,
  flags: Record<string, unknown>,
  path: string,
  cwd: string,
  notice: (message: string) => void,
  fetching: Fetching,
): Promise<StartedRun<D>> {
  const folder = await RunFolder.open(resolve(cwd, path));
  const config = anchored(resumedConfig(flags, await readable(folder, folder.readConfig())), cwd);
  const unlock = await readable(folder, folder.lock());
  try {
    const plan = await planner(config, await loadComposition(config.plugins, cwd), undefined, fetching);
    try {
      backendNotices(plan.backends).forEach(notice);
      await compareEnvironment(folder, plan, cwd, notice);
      return started(plan, folder, unlock, cwd);
    } catch (error) {
      await plan.dispose();
      throw error;
    }
  } catch (error) {
    await unlock();
    throw error;
  }
}

/** What backends have to say to people, once each. */
export const backendNotices = (backends: Plan['backends']): string[] => [
  ...new Set(
    Object.values(backends).flatMap((backend) => {
      const { notice } = backend.environment;
      return [choiceOf(backend)?.why, notice].filter((text) => typeof text === 'string');
    }),
  ),
];

/** Paths that a run records, from the root: it may be continued from anywhere. */
export const anchored = (config: Config, cwd: string): Config => ({
  ...config,
  dataDir: config.dataDir === null ? null : resolve(cwd, config.dataDir),
  ...(config.teacherMemoDir ? { teacherMemoDir: resolve(cwd, config.teacherMemoDir) } : {}),
  teacher: anchoredTeacher(config.teacher, cwd),
  plugins: config.plugins.map((name) => (/^\.{1,2}[\\/]/.test(name) ? resolve(cwd, name) : name)),
});

/** A run folder's file, or an error for people where the system refuses it. */
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
  plan: Planned<D>,
  folder: RunFolder,
  unlock: () => Promise<void>,
  cwd: string,
): StartedRun<D> {
  return {
    plan,
    folder,
    shown: shownPath(folder.path, cwd),
    async release() {
      await plan.dispose();
      await unlock();
    },
  };
}

const pathOf = async ({ name, dataset }: Config, parent: string): Promise<string> =>
  join(parent, name ?? (await freeName(parent, dataset.name)));

/** Takes the next free number where another run took this one in the meantime. */
async function createFolder(config: Config, parent: string): Promise<RunFolder> {
  for (;;) {
    const path = await pathOf(config, parent);
    try {
      return await RunFolder.create(path, formatConfig({ ...config, name: basename(path) }));
    } catch (error) {
      if (config.name !== undefined || !isAncError(error) || error.code !== 'ANC_RUN_EXISTS') throw error;
    }
  }
}

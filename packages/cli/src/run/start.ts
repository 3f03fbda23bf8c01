import { basename, isAbsolute, join, relative, resolve } from 'node:path';
import { AncError, isAncError } from '@anc/core';
import { assertCreatable, freeName, RunFolder } from '@anc/runtime';
import { loadComposition } from '../commands/load-composition.js';
import { formatConfig, resolveConfig, resumedConfig, type Config } from '../config/resolve.js';
import { planRun, type Plan } from './plan.js';
import { compareEnvironment, recordEnvironment } from './record-environment.js';

/** A run whose folder is there and locked. */
export interface StartedRun {
  readonly plan: Plan;
  readonly folder: RunFolder;
  /** The folder as people would write it. */
  readonly shown: string;
  release(): Promise<void>;
}

/** Checks everything, then makes the run folder: where this throws an AncError, nothing was written. */
export async function startRun(flags: Record<string, unknown>, cwd: string): Promise<StartedRun> {
  const config = await resolveConfig(flags, cwd);
  const parent = resolve(cwd, config.out);
  if (config.name !== undefined && basename(config.name) !== config.name) {
    throw new AncError('ANC_CONFIG', '--name: expected a name, not a path.', {
      received: config.name,
      hint: 'say with --out where run folders are made.',
    });
  }
  await assertCreatable(await pathOf(config, parent));
  const plan = await planRun(config, await loadComposition(config.plugins, cwd));
  try {
    const folder = await createFolder(plan.config, parent);
    const unlock = await folder.lock();
    await recordEnvironment(folder, plan, cwd);
    return started(plan, folder, unlock, cwd);
  } catch (error) {
    await plan.dispose();
    throw error;
  }
}

/** Opens an interrupted run's folder and checks that it can go on here. */
export async function resumeRun(
  flags: Record<string, unknown>,
  path: string,
  cwd: string,
  notice: (message: string) => void,
): Promise<StartedRun> {
  const folder = await RunFolder.open(resolve(cwd, path));
  const config = resumedConfig(flags, await folder.readConfig());
  const unlock = await folder.lock();
  try {
    const plan = await planRun(config, await loadComposition(config.plugins, cwd));
    try {
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

function started(plan: Plan, folder: RunFolder, unlock: () => Promise<void>, cwd: string): StartedRun {
  const near = relative(cwd, folder.path);
  return {
    plan,
    folder,
    shown: near.startsWith('..') || isAbsolute(near) ? folder.path : near,
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

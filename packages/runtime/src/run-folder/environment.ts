import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { arch, cpus, platform, release, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Backend } from '@anc/core';

/** The environment of a run: what its result depends on besides the configuration. */
export interface EnvironmentRecord {
  /** Versions of the packages that compute, by name. */
  readonly versions: Readonly<Record<string, string>>;
  /** Name of the backend, and what it reports about its engine. */
  readonly backend: { readonly name: string } & Readonly<Record<string, string | number>>;
  /** Version of Node. */
  readonly node: string;
  /** Operating system, its release, and the architecture of the processor. */
  readonly platform: string;
  /** Processor, and the number of its logical cores. */
  readonly cpu: { readonly model: string; readonly cores: number };
  /** Memory of the machine, in bytes. */
  readonly memoryBytes: number;
  /** Commit of the working directory, and whether files differ from it; null outside of a git repository. */
  readonly git: { readonly commit: string; readonly dirty: boolean } | null;
  /** Random seed of the run. */
  readonly seed: number;
}

/** Describes this process and machine, with the given package `versions` and the git state of `cwd`. */
export async function describeEnvironment(
  backend: Pick<Backend, 'name' | 'environment'>,
  seed: number,
  versions: Readonly<Record<string, string>>,
  cwd: string,
): Promise<EnvironmentRecord> {
  const cores = cpus();
  return {
    versions,
    backend: { ...backend.environment, name: backend.name },
    node: process.version,
    platform: `${platform()} ${release()} ${arch()}`,
    cpu: { model: cores[0]?.model ?? 'unknown', cores: cores.length },
    memoryBytes: totalmem(),
    git: await gitState(cwd),
    seed,
  };
}

/** Commit of the user's working directory; null outside a repository or without git. */
async function gitState(cwd: string): Promise<EnvironmentRecord['git']> {
  if (!(await mayBeInRepository(cwd))) return null;
  const git = promisify(execFile);
  try {
    const [{ stdout: commit }, { stdout: changes }] = await Promise.all([
      git('git', ['rev-parse', 'HEAD'], { cwd }),
      git('git', ['status', '--porcelain', '--untracked-files=no'], { cwd }),
    ]);
    return { commit: commit.trim(), dirty: changes.trim() !== '' };
  } catch {
    return null;
  }
}

/** False where git would find no repository either: to start it takes a large process longer than to look. */
async function mayBeInRepository(cwd: string): Promise<boolean> {
  if (process.env['GIT_DIR'] !== undefined) return true;
  let folder = await realpath(cwd).catch(() => cwd);
  while (!existsSync(join(folder, '.git'))) {
    const above = dirname(folder);
    if (above === folder) return false;
    folder = above;
  }
  return true;
}

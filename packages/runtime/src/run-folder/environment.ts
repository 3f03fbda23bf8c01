import { execFile } from 'node:child_process';
import { arch, cpus, platform, release, totalmem } from 'node:os';
import { promisify } from 'node:util';
import type { Backend } from '@anc/core';

/** The environment of a run: what its result depends on besides the configuration. */
export interface EnvironmentRecord {
  readonly versions: Readonly<Record<string, string>>;
  readonly backend: { readonly name: string } & Readonly<Record<string, string | number>>;
  readonly node: string;
  readonly platform: string;
  readonly cpu: { readonly model: string; readonly cores: number };
  readonly memoryBytes: number;
  readonly git: { readonly commit: string; readonly dirty: boolean } | null;
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
  const git = promisify(execFile);
  try {
    const { stdout: commit } = await git('git', ['rev-parse', 'HEAD'], { cwd });
    const { stdout: changes } = await git('git', ['status', '--porcelain', '--untracked-files=no'], { cwd });
    return { commit: commit.trim(), dirty: changes.trim() !== '' };
  } catch {
    return null;
  }
}

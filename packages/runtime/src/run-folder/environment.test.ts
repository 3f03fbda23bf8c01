import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeEnvironment, type EnvironmentRecord } from './environment.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'anc-environment-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const backend = { name: 'onnx', environment: { runtime: 'node', threads: 2, name: 'another' } };
const describeHere = (): Promise<EnvironmentRecord> =>
  describeEnvironment(backend, 7, { '@anc/core': '1.2.3' }, folder);

describe('describeEnvironment', () => {
  it('records versions, backend, machine and seed', async () => {
    const record = await describeHere();
    expect(record).toMatchObject({
      versions: { '@anc/core': '1.2.3' },
      backend: { name: 'onnx', runtime: 'node', threads: 2 },
      node: process.version,
      seed: 7,
    });
    expect(record.cpu.cores).toBeGreaterThan(0);
    expect(record.memoryBytes).toBeGreaterThan(0);
    expect(JSON.parse(JSON.stringify(record))).toEqual(record);
  });

  it('records the commit of the working directory, and whether tracked files differ from it', async () => {
    const git = (...args: string[]): string =>
      execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...args], {
        cwd: folder,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
        // Tests may run from a hook, whose variables name another repository.
        env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('GIT_'))),
      }).trim();
    git('init');
    expect((await describeHere()).git).toBeNull(); // no commit yet
    await writeFile(join(folder, 'tracked'), '1');
    git('add', '.');
    git('commit', '-m', 'first');
    await writeFile(join(folder, 'untracked'), '');
    const commit = git('rev-parse', 'HEAD');
    expect((await describeHere()).git).toEqual({ commit, dirty: false });
    await writeFile(join(folder, 'tracked'), '2');
    expect((await describeHere()).git).toEqual({ commit, dirty: true });
    const inner = join(folder, 'deep', 'er');
    await mkdir(inner, { recursive: true });
    expect((await describeEnvironment(backend, 7, {}, inner)).git).toEqual({ commit, dirty: true });
    await symlink(inner, `${folder}-link`, 'junction');
    try {
      expect((await describeEnvironment(backend, 7, {}, `${folder}-link`)).git).toEqual({
        commit,
        dirty: true,
      });
    } finally {
      await rm(`${folder}-link`);
    }
  });

  it('records no commit outside of a repository', async () => {
    expect((await describeHere()).git).toBeNull();
  });
});

import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findFolders } from './find-folders.js';
import { FolderWatch } from './watch-folders.js';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'anc-found-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const newRun = async (...parts: string[]): Promise<string> => {
  const path = join(root, ...parts);
  await mkdir(path, { recursive: true });
  await writeFile(join(path, 'config.resolved.yaml'), '');
  return path;
};

describe('findFolders', () => {
  it('has run 10 after run 9, and leaves out node_modules', async () => {
    for (const name of ['run-10', 'run-9', 'node_modules']) await newRun(name);
    const { folders, isWhole } = await findFolders(root);
    expect(folders.map(({ id }) => id)).toEqual(['run-9', 'run-10']);
    expect(isWhole).toBe(true);
  });

  it('says where there is more than it lists or looks into', async () => {
    for (const name of ['a', 'b', 'c']) await newRun(name);
    expect(await findFolders(root, { mostListed: 3 })).toMatchObject({ isWhole: true });
    const { folders, isWhole } = await findFolders(root, { mostListed: 2 });
    expect([folders.length, isWhole]).toEqual([2, false]);
    const few = await findFolders(root, { mostVisited: 2 });
    expect([few.folders.length, few.isWhole]).toEqual([1, false]);
  });
});

it('FolderWatch reads no metrics through a symbolic link', async () => {
  const outside = await mkdtemp(join(tmpdir(), 'anc-outside-'));
  try {
    const line = { model: 'secret', stage: 's', event: 'epoch', epoch: 0, step: 1, metrics: {} };
    const metrics = join(outside, 'metrics.jsonl');
    await writeFile(metrics, `${JSON.stringify(line)}\n`);
    const run = await newRun('run');
    const watch = new FolderWatch(root);
    await watch.look();
    await symlink(metrics, join(run, 'metrics.jsonl'));
    await symlink(metrics, join(run, 'result.json'));
    expect(await watch.look()).toEqual([]);
    await rm(join(run, 'metrics.jsonl'));
    await writeFile(join(run, 'metrics.jsonl'), `${JSON.stringify({ ...line, model: 'own' })}\n`);
    expect(await watch.look()).toMatchObject([{ type: 'epoch', model: 'own' }]);
    await rm(join(run, 'metrics.jsonl'));
    await symlink(metrics, join(run, 'metrics.jsonl'));
    expect(await watch.look()).toEqual([]);
  } finally {
    await rm(outside, { recursive: true, force: true });
  }
});

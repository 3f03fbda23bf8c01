import { execFileSync } from 'node:child_process';
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Checksums } from './checksums.js';
import { lockFolder } from './lock.js';
import { MetricsLog } from './metrics-log.js';
import { RunFolder } from './run-folder.js';

let place: string;
let path: string;
let folder: RunFolder;
beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'anc-entries-'));
  path = join(place, 'run');
  folder = await RunFolder.create(path, 'a: 1\n');
  await folder.write(['student', 'l2', 'weights.safetensors'], 'weights');
});
afterEach(() => rm(place, { recursive: true, force: true }));

const pipe = async (name: string): Promise<void> => {
  await rm(join(path, name), { force: true });
  execFileSync('mkfifo', [join(path, name)]);
};
const isPosix = process.platform !== 'win32';

describe.runIf(isPosix)('a pipe in a run folder', () => {
  const readers: [string, () => Promise<unknown>][] = [
    ['config.resolved.yaml', () => folder.readConfig()],
    ['student/l2/weights.safetensors', () => folder.readBytes('student', 'l2', 'weights.safetensors')],
    ['student/l2/weights.safetensors', () => new Checksums(path).verify('student/l2/weights.safetensors')],
    ['SHA256SUMS', () => new Checksums(path).names()],
    ['metrics.jsonl', () => new MetricsLog(join(path, 'metrics.jsonl')).read()],
  ];
  it.each(readers)('is not waited for: %s', async (name, read) => {
    await pipe(name);
    await expect(read()).rejects.toMatchObject({
      code: 'ANC_RUN_DAMAGED',
      message: `${join(path, name)} is damaged.`,
      detail: { received: 'a pipe' },
    });
  });

  it('is not waited for where it is named like a lock', async () => {
    await pipe(`.lock.${process.ppid}.x`);
    await expect(lockFolder(path)).rejects.toMatchObject({ code: 'ANC_RUN_DAMAGED' });
  });

  it('keeps work from being begun', async () => {
    await pipe('notes');
    await expect(folder.lock()).rejects.toMatchObject({
      code: 'ANC_RUN_UNWRITABLE',
      detail: { received: 'a pipe' },
    });
    expect((await readdir(path)).filter((name) => name.startsWith('.lock'))).toEqual([]);
  });
});

describe('a symbolic link in a folder that is worked in', () => {
  it.each([
    ['a folder beside it', '../outside'],
    ['what is not there', '../nothing'],
  ])('may not lead to %s', async (_what, target) => {
    await mkdir(join(place, 'outside'));
    await symlink(target, join(path, 'student', 'kd'), 'dir');
    await expect(folder.lock()).rejects.toMatchObject({
      code: 'ANC_RUN_UNWRITABLE',
      message: `${join(path, 'student', 'kd')} cannot be in a folder that is worked in.`,
      detail: { received: expect.stringContaining('a symbolic link to ') as string },
    });
  });

  it.runIf(isPosix)('may not have a log written outside', async () => {
    await writeFile(join(place, 'other'), 'other\n');
    await symlink(join(place, 'other'), join(path, 'metrics.jsonl'));
    await expect(folder.lock()).rejects.toMatchObject({ code: 'ANC_RUN_UNWRITABLE' });
    expect(await readFile(join(place, 'other'), 'utf8')).toBe('other\n');
  });

  it('may lead to something in it, and the folder itself may be reached by one', async () => {
    await mkdir(join(path, '..inside'));
    await symlink('l2', join(path, 'student', 'best'), 'dir');
    await symlink('..inside', join(path, 'other'), 'dir');
    await symlink(path, join(place, 'link'), 'dir');
    const release = await (await RunFolder.open(join(place, 'link'))).lock();
    await appendFile(join(path, 'metrics.jsonl'), '');
    await release();
  });
});

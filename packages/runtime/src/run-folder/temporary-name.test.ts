import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isTemporary, removeTemporary, temporaryName } from './temporary-name.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'anc-temporary-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const ended = (): number => spawnSync(process.execPath, ['--version']).pid;
const as = (pid: number, name: string): string => name.replace(`.${process.pid}-`, `.${pid}-`);

it('temporary names never come twice', () => {
  const names = Array.from({ length: 1000 }, () => temporaryName('result.json'));
  expect(new Set(names).size).toBe(1000);
  expect(names.every(isTemporary)).toBe(true);
});

it.each(['result.json.4711.tmp', temporaryName('a'), `.run.${temporaryName('b').slice(2, -4)}.new`])(
  'knows %s',
  (name) => expect(isTemporary(name)).toBe(true),
);

it.each(['result.json', 'notes.tmp', 'weights.safetensors', 'a.new', '2024-01.new.json'])(
  'takes %s for something of its own',
  (name) => expect(isTemporary(name)).toBe(false),
);

describe('removeTemporary', () => {
  it('removes what processes left that have ended, and nothing else', async () => {
    const own = temporaryName('own.json');
    const left = as(ended(), temporaryName('left.json'));
    const elsewhere = temporaryName('elsewhere.json').replace(/-[0-9a-f]{8}-/, '-00000000-');
    await mkdir(join(folder, 'teacher'));
    for (const name of [own, left, elsewhere, 'whole.json', 'notes.tmp', join('teacher', left)]) {
      await writeFile(join(folder, name), '');
    }
    await removeTemporary(folder, (name) => name.startsWith('whole'), true);
    expect((await readdir(folder)).length).toBe(6);
    await removeTemporary(folder, undefined, true);
    expect((await readdir(folder)).sort()).toEqual(
      [own, elsewhere, 'whole.json', 'notes.tmp', 'teacher'].sort(),
    );
    expect(await readdir(join(folder, 'teacher'))).toEqual([]);
  });

  it('removes those of processes that it cannot see after a day', async () => {
    const [old, young] = ['a.json.1.tmp', 'b.json.1.tmp'];
    for (const name of [old, young]) await writeFile(join(folder, name), '');
    const yesterday = Date.now() / 1000 - 25 * 3600;
    await utimes(join(folder, old), yesterday, yesterday);
    await removeTemporary(folder);
    expect(await readdir(folder)).toEqual([young]);
  });
});

import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { assertCreatable, assertSpace, createFolder } from './create-folder.js';
import { owned } from './temporary-name.js';

let root: string;
let path: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'anc-create-'));
  path = join(root, 'runs', 'a');
});
afterEach(() => rm(root, { recursive: true, force: true }));

const code = (code: string) => expect.objectContaining({ code }) as unknown;
const files = { 'options.yaml': 'seed: 1\n' };

describe('createFolder', () => {
  it('makes a folder with its files and nothing beside it', async () => {
    await createFolder(path, files);
    expect(await readdir(join(root, 'runs'))).toEqual(['a']);
    expect(await readFile(join(path, 'options.yaml'), 'utf8')).toBe('seed: 1\n');
    await expect(createFolder(path, files)).rejects.toEqual(code('ANC_RUN_EXISTS'));
    expect(await readdir(join(root, 'runs'))).toEqual(['a']);
  });

  it.each<[string, readonly string[], readonly string[]]>([
    ['nothing', [], []],
    ['half of a file', ['options.yaml.4711.tmp'], []],
    ['a record with which work had not begun', ['tune.yaml'], ['tune.yaml']],
  ])('replaces what a killed process left: %s', async (_what, left, leftover) => {
    await mkdir(path, { recursive: true });
    for (const name of left) await writeFile(join(path, name), 'half');
    await assertCreatable(path, { leftover });
    await createFolder(path, files, leftover);
    expect((await readdir(path)).sort()).toEqual(['SHA256SUMS', 'options.yaml']);
  });

  it('replaces a folder in which another one was being made, once its process has ended', async () => {
    const { pid } = spawnSync(process.execPath, ['--version']);
    const name = (id: number): string => `.run.${owned()}.new`.replace(`.${process.pid}-`, `.${id}-`);
    await mkdir(join(path, name(pid)), { recursive: true });
    await assertCreatable(path);
    const living = join(path, name(process.pid));
    await mkdir(living);
    await expect(assertCreatable(path)).rejects.toEqual(code('ANC_RUN_EXISTS'));
    await rm(living, { recursive: true });
    await createFolder(path, files);
    expect((await readdir(path)).sort()).toEqual(['SHA256SUMS', 'options.yaml']);
  });

  it('replaces nothing else', async () => {
    await mkdir(join(path, 'folder'), { recursive: true });
    await expect(assertCreatable(path)).rejects.toEqual(code('ANC_RUN_EXISTS'));
    await expect(createFolder(path, files)).rejects.toEqual(code('ANC_RUN_EXISTS'));
    expect(await readdir(path)).toEqual(['folder']);
    await writeFile(join(root, 'file'), '');
    await expect(createFolder(join(root, 'file'), files)).rejects.toEqual(code('ANC_RUN_EXISTS'));
    await expect(createFolder(join(root, 'file', 'a'), files)).rejects.toEqual(code('ANC_RUN_UNWRITABLE'));
  });

  it('is done by one of several that find the same leftover', async () => {
    await mkdir(path, { recursive: true });
    const tries = Array.from({ length: 6 }, () => createFolder(path, files));
    const done = (await Promise.allSettled(tries)).filter(({ status }) => status === 'fulfilled');
    expect(done).toHaveLength(1);
    expect(await readdir(join(root, 'runs'))).toEqual(['a']);
  });
});

it('assertSpace compares what is needed with what is free', async () => {
  await assertSpace(path, 1000);
  await expect(assertSpace(path, 1e18)).rejects.toMatchObject({
    code: 'ANC_DISK',
    detail: { expected: 'about 1000000000000.0 MB of free space' },
  });
});

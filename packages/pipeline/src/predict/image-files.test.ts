import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findImageFiles } from './image-files.js';

let cwd: string;
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'anc-image-files-'));
  for (const file of ['a/1.png', 'a/2.JPG', 'a/b/3.png', 'a/notes.txt', 'c/[1].png', 'c/1.png', 'c/2.webp']) {
    await mkdir(join(cwd, dirname(file)), { recursive: true });
    await writeFile(join(cwd, file), '');
  }
  await mkdir(join(cwd, 'empty'));
});
afterAll(() => rm(cwd, { recursive: true, force: true }));

it.each<[string[], string[]]>([
  [
    ['c/2.webp', 'a/1.png'],
    ['c/2.webp', 'a/1.png'],
  ],
  [['a'], ['a/1.png', 'a/2.JPG', 'a/b/3.png']],
  [
    ['a/b/3.png', 'a'],
    ['a/b/3.png', 'a/1.png', 'a/2.JPG'],
  ],
  [['a/*.png'], ['a/1.png']],
  [['a/**/*.png'], ['a/1.png', 'a/b/3.png']],
  [['**/?.{JPG,webp}'], ['a/2.JPG', 'c/2.webp']],
  [['c/[1-2].*'], ['c/1.png', 'c/2.webp']],
  [['c/[!1].*'], ['c/2.webp']],
  [['c/[1].png'], ['c/[1].png']],
  [['a/notes.txt'], ['a/notes.txt']],
])('%j are %j', async (named, expected) => {
  const files = await findImageFiles(named, cwd);
  expect(files.map(({ name }) => name)).toEqual(expected);
  expect(files.map(({ path }) => path)).toEqual(expected.map((name) => join(cwd, name)));
});

it('finds nothing twice, and patterns from the root', async () => {
  expect(await findImageFiles(['a', './a/1.png', join(cwd, 'a')], cwd)).toHaveLength(3);
  expect(await findImageFiles([`${cwd}/a/*.png`], cwd)).toEqual([
    { name: join(cwd, 'a/1.png'), path: join(cwd, 'a/1.png') },
  ]);
});

it.each([
  ['none.png', 'ANC_DATA_MISSING', '"none.png" is no image.'],
  ['c/*.gif', 'ANC_DATA_MISSING', 'no image matches "c/*.gif".'],
  ['none/*.png', 'ANC_DATA_MISSING', 'no image matches "none/*.png".'],
  ['c/{1.png', 'ANC_DATA_MISSING', 'no image matches "c/{1.png".'],
  ['empty', 'ANC_DATA_EMPTY', 'the folder "empty" holds no images.'],
])('refuses %s', async (name, code, message) => {
  await expect(findImageFiles(['a', name], cwd)).rejects.toMatchObject({ code, message });
});

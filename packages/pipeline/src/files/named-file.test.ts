import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  assertFree,
  assertThere,
  counted,
  openNamedFile,
  sha256,
  sha256Beside,
  sha256Of,
  writeNew,
} from './named-file.js';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'anc-file-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('a file that is read here and there', () => {
  const bytes = Uint8Array.from({ length: 5000 }, (_, i) => i % 251);

  it('gives its bytes and its hash', async () => {
    await writeFile(join(folder, 'a.bin'), bytes);
    const { source, close } = openNamedFile('a.bin', folder);
    expect(source.length).toBe(5000);
    expect([...source.read(17, 20)]).toEqual([17, 18, 19]);
    expect(source.read(5000, 5000)).toHaveLength(0);
    expect(() => source.read(4999, 5001)).toThrow(expect.objectContaining({ code: 'ANC_FILE' }));
    expect(sha256Of(source)).toBe(sha256(bytes));
    expect(await sha256Beside(join(folder, 'a.bin'))).toBe(sha256(bytes));
    await expect(sha256Beside(join(folder, 'gone.bin'))).rejects.toThrow(/no such file/);
    close();
  });

  it.each([
    ['nowhere.bin', /no such file/],
    ['.', /it is a folder/],
  ])('refuses %s', (named, received) => {
    expect(() => openNamedFile(named, folder)).toThrow(
      expect.objectContaining({
        code: 'ANC_FILE',
        detail: expect.objectContaining({ received: expect.stringMatching(received) as string }) as object,
      }),
    );
  });

  it('says that nothing is there before anything else is asked for', () => {
    assertThere('a.bin', folder);
    const missing = { code: 'ANC_FILE', message: '"runs/nosuch" does not exist.' };
    for (const read of [assertThere, openNamedFile])
      expect(() => read('runs/nosuch', folder)).toThrow(expect.objectContaining(missing));
  });

  it('is made where nothing is yet, with the folders on the way', async () => {
    const path = await assertFree('new/er/a.bin', folder);
    await writeNew(path, bytes);
    expect([...(await readFile(path))]).toEqual([...bytes]);
    await expect(assertFree('new/er/a.bin', folder)).rejects.toMatchObject({ code: 'ANC_FILE_EXISTS' });
    await expect(assertFree('new/er/a.bin/b', folder)).rejects.toMatchObject({
      code: 'ANC_FILE',
      detail: expect.objectContaining({ received: `${path} is not a folder` }) as object,
    });
  });

  it('says which file of a model in a folder is meant', async () => {
    await mkdir(join(folder, 'model'));
    await writeFile(join(folder, 'model', 'model.json'), '{}');
    expect(() => openNamedFile('model', folder)).toThrow(
      expect.objectContaining({
        detail: expect.objectContaining({
          hint: expect.stringContaining(join('model', 'model.json')) as string,
        }) as object,
      }),
    );
  });

  it('counts and hashes what passes', () => {
    let total: unknown = null;
    const pieces = [...counted([bytes.subarray(0, 100), bytes.subarray(100)], (found) => (total = found))];
    expect(pieces).toHaveLength(2);
    expect(total).toEqual({ bytes: 5000, sha256: sha256(bytes) });
  });
});

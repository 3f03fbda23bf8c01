import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lock } from './lock.js';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'anc-lock-'));
  path = join(folder, '.lock');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('lock', () => {
  it('is held until it is released, and can then be held again', async () => {
    const release = await lock(path);
    await expect(lock(path)).rejects.toMatchObject({
      code: 'ANC_RUN_BUSY',
      detail: { received: `process ${process.pid} holds ${path}` },
    });
    await release();
    expect(await readdir(folder)).toEqual([]);
    await (
      await lock(path)
    )();
  });

  it('is one for each path', async () => {
    const releases = await Promise.all([lock(path), lock(join(folder, 'other'))]);
    await Promise.all(releases.map((release) => release()));
    expect(await readdir(folder)).toEqual([]);
  });

  it('leaves files of other names alone, and the claim of a living process', async () => {
    const others = ['.lockfile.1.x', `.lock.${process.ppid}.x`, 'metrics.jsonl'];
    for (const name of others) await writeFile(join(folder, name), '');
    await expect(lock(path)).rejects.toMatchObject({ code: 'ANC_RUN_BUSY' });
    expect((await readdir(folder)).sort()).toEqual([...others].sort());
  });

  it('takes over claims that no living process can have', async () => {
    for (const name of ['.lock.999999999.x', '.lock.0.x', '.lock.-1.x', '.lock.damaged'])
      await writeFile(join(folder, name), '');
    const release = await lock(path);
    expect(await readdir(folder)).toEqual([expect.stringMatching(`^\\.lock\\.${process.pid}\\.`)]);
    await release();
  });
});

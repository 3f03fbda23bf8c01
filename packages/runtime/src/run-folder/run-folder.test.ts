import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { assertCreatable, freeName } from './create-folder.js';
import { RunFolder } from './run-folder.js';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'anc-run-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const code = (code: string) => expect.objectContaining({ code }) as unknown;

describe('RunFolder', () => {
  it('is created once and never again', async () => {
    const path = join(root, 'runs', 'a');
    await RunFolder.create(path, 'seed: 1\n');
    await expect(RunFolder.create(path, 'seed: 2\n')).rejects.toEqual(code('ANC_RUN_EXISTS'));
    await expect(assertCreatable(path)).rejects.toThrow(/exists already/);
    expect(await (await RunFolder.open(path)).readConfig()).toBe('seed: 1\n');
  });

  it('is created by one of several that start at the same time', async () => {
    const tries = Array.from({ length: 8 }, () => RunFolder.create(join(root, 'same'), 'x'));
    const won = (await Promise.allSettled(tries)).filter(({ status }) => status === 'fulfilled');
    expect(won).toHaveLength(1);
  });

  it('reports before any work that a folder cannot be created, and writes nothing', async () => {
    await writeFile(join(root, 'file'), '');
    await expect(assertCreatable(join(root, 'file', 'runs', 'a'))).rejects.toEqual(
      code('ANC_RUN_UNWRITABLE'),
    );
    await expect(RunFolder.create(join(root, 'file', 'a'), '')).rejects.toEqual(code('ANC_RUN_UNWRITABLE'));
    await assertCreatable(join(root, 'new', 'deep', 'a'));
    expect(await readdir(root)).toEqual(['file']);
  });

  it.skipIf(process.getuid?.() === 0)('reports a folder without write permission', async () => {
    await mkdir(join(root, 'locked'));
    await chmod(join(root, 'locked'), 0o555);
    await expect(assertCreatable(join(root, 'locked', 'a'))).rejects.toEqual(code('ANC_RUN_UNWRITABLE'));
  });

  it('opens run folders only', async () => {
    await expect(RunFolder.open(root)).rejects.toEqual(code('ANC_RUN_MISSING'));
    await writeFile(join(root, 'environment.json'), '{}'); // a run folder that lost its options
    await expect(RunFolder.open(root)).rejects.toMatchObject({
      code: 'ANC_RUN_DAMAGED',
      message: `${join(root, 'config.resolved.yaml')} is damaged.`,
      detail: { received: 'no such file', hint: expect.stringMatching(/restore the file/) as string },
    });
  });

  it('is locked by one process at a time; the lock of one that ended is taken over', async () => {
    const folder = await RunFolder.create(join(root, 'a'), '');
    const claims = async () => (await readdir(join(root, 'a'))).filter((name) => name.startsWith('.lock'));
    await writeFile(join(root, 'a', `.lock.${process.ppid}.x`), ''); // alive, and not this process
    await expect(folder.lock()).rejects.toEqual(code('ANC_RUN_BUSY'));
    await rm(join(root, 'a', `.lock.${process.ppid}.x`));
    // A process that has ended, and an earlier one with this id: in a container every run may have the same id.
    for (const left of [999999999, process.pid]) await writeFile(join(root, 'a', `.lock.${left}.x`), '');
    const release = await folder.lock();
    expect(await claims()).toEqual([expect.stringMatching(`^\\.lock\\.${process.pid}\\.`)]);
    await expect(folder.lock()).rejects.toEqual(code('ANC_RUN_BUSY'));
    await release();
    expect(await claims()).toEqual([]);
  });

  it('has at most one owner, however many take over a stale lock at the same time', async () => {
    const folder = await RunFolder.create(join(root, 'a'), '');
    let [owners, most, turns] = [0, 0, 0];
    const attempt = async (): Promise<void> => {
      const release = await folder.lock().catch(() => null);
      if (release === null) return;
      most = Math.max(most, ++owners);
      turns++;
      await new Promise((done) => setTimeout(done, 5));
      owners--;
      await release();
    };
    for (let round = 0; round < 5; round++) {
      await writeFile(join(root, 'a', `.lock.999999999.${round}`), '');
      await Promise.all(Array.from({ length: 6 }, attempt));
    }
    await attempt();
    expect(most).toBe(1);
    expect(turns).toBeGreaterThan(0);
  });

  it('finds the first free number', async () => {
    expect(await freeName(join(root, 'runs'), 'glyphs')).toBe('glyphs-1');
    await mkdir(join(root, 'runs', 'glyphs-1'), { recursive: true });
    expect(await freeName(join(root, 'runs'), 'glyphs')).toBe('glyphs-2');
  });
});

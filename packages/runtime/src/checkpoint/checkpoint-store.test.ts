import { execFileSync } from 'node:child_process';
import type * as Fs from 'node:fs/promises';
import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HostTensor, Tree } from '@anc/core';
import { decodeSafetensors } from '@anc/formats';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CheckpointStore } from './checkpoint-store.js';

/** The order in which a file system lists names, and the names that were removed. */
const disk = vi.hoisted(() => ({ listed: (names: string[]) => names, removed: [] as string[] }));
vi.mock('node:fs/promises', async (original) => {
  const fs = await original<typeof Fs>();
  const readdir = async (path: string): Promise<string[]> => disk.listed(await fs.readdir(path));
  const rm = async (path: string, options: object): Promise<void> => {
    await fs.rm(path, options);
    disk.removed.push(path);
  };
  return { ...fs, readdir, rm };
});

const stateOf = (value: number): Tree<HostTensor> => ({
  'student/params/w': { shape: [2, 2], data: Float32Array.of(value, NaN, -0, 1e-42) },
  'student/stats/n': { shape: [], data: Int32Array.of(value) },
});
const at = (step: number) => ({ stage: 'train', step, epoch: Math.floor(step / 10) });

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'anc-checkpoints-'));
});
afterEach(() => {
  disk.listed = (names) => names;
  return rm(folder, { recursive: true, force: true });
});

describe('CheckpointStore', () => {
  it('returns the newest state bit for bit, with its position and memory', async () => {
    const store = new CheckpointStore(folder);
    expect(await store.latest()).toBeNull();
    await store.save(stateOf(1), at(10));
    await store.save(stateOf(2), at(25), { seconds: 3 });
    const latest = await new CheckpointStore(folder).latest();
    expect(latest).toEqual({ stage: 'train', step: 25, epoch: 2, memory: { seconds: 3 }, state: stateOf(2) });
    expect(Object.is((latest!.state['student/params/w']!.data as Float32Array)[2], -0)).toBe(true);
  });

  it('goes back to the one before where the newest is dropped', async () => {
    const store = new CheckpointStore(folder);
    await store.dropNewest(); // nothing there yet
    for (const i of [1, 2]) await store.save(stateOf(i), at(10 * i));
    await store.dropNewest();
    expect((await store.latest())?.state).toEqual(stateOf(1));
    await rm(join(folder, '00000001.safetensors')); // damaged as well
    await store.dropNewest();
    expect(await readdir(folder)).toEqual([]);
    expect(await store.latest()).toBeNull();
  });

  it('skips those of another training of the same network, also where they were copied here', async () => {
    const notices: string[] = [];
    const owned = (model: string, seed: number): CheckpointStore =>
      new CheckpointStore(folder, { owner: { model, seed }, notice: (message) => notices.push(message) });
    await new CheckpointStore(folder).save(stateOf(1), at(10)); // of an earlier version
    await owned('l2', 7).save(stateOf(2), at(20));
    expect((await owned('l2', 7).latest())?.state).toEqual(stateOf(2));
    expect((await new CheckpointStore(folder).latest())?.state).toEqual(stateOf(2));
    expect(notices).toEqual([]);
    for (const other of [owned('l2', 1), owned('kd', 7)]) {
      expect((await other.latest())?.state).toEqual(stateOf(1));
    }
    expect(notices[0]).toContain('the checkpoint is of "l2" with seed 7, not of "l2" with seed 1');
    expect(notices[1]).toContain('not of "kd" with seed 7');
  });

  it.runIf(process.platform !== 'win32')('neither waits for a pipe nor fails at a folder', async () => {
    const notices: string[] = [];
    const store = new CheckpointStore(folder, { notice: (message) => notices.push(message) });
    for (const i of [1, 2, 3]) await store.save(stateOf(i), at(i));
    await rm(join(folder, '00000003.json'));
    execFileSync('mkfifo', [join(folder, '00000003.json')]);
    await rm(join(folder, '00000002.json'));
    await mkdir(join(folder, '00000002.json', 'inner'), { recursive: true });
    expect(await store.latest()).toBeNull();
    expect(notices).toHaveLength(2);
    for (const i of [4, 5, 6]) await store.save(stateOf(i), at(i));
    expect((await store.latest())?.state).toEqual(stateOf(6));
    expect((await readdir(folder)).sort()).toEqual(
      ['00000005', '00000006'].flatMap((serial) => [`${serial}.json`, `${serial}.safetensors`]),
    );
  });

  it('says in the file of tensors which step it is of', async () => {
    await new CheckpointStore(folder).save(stateOf(1), at(10));
    const { metadata } = decodeSafetensors(await readFile(join(folder, '00000001.safetensors')));
    expect(metadata).toEqual({ stage: 'train', step: '10' });
  });

  it.each<[string, (names: string[]) => string[]]>([
    ['backwards', (names) => names.toReversed()],
    ['in any order', (names) => [...names.slice(3), ...names.slice(0, 3)]],
  ])('takes the newest where the folder is listed %s', async (_, listed) => {
    disk.listed = listed;
    const store = new CheckpointStore(folder, { keep: 3 });
    for (let i = 1; i <= 5; i++) await store.save(stateOf(i), at(i));
    expect((await store.latest())?.step).toBe(5);
    await store.dropNewest();
    expect((await store.latest())?.step).toBe(4);
  });

  it('removes a manifest before its tensors, also where another process removes them at the same time', async () => {
    const store = new CheckpointStore(folder, { keep: 2 });
    for (const i of [1, 2]) await store.save(stateOf(i), at(i));
    disk.listed = (names) => ['00000000.safetensors', ...names.toReversed()]; // the first has just gone
    disk.removed = [];
    await store.clear();
    const endings = disk.removed.map((path) => path.slice(path.indexOf('.')));
    expect(endings.filter((ending) => ending === '.json')).toHaveLength(2);
    expect(endings.lastIndexOf('.json')).toBeLessThan(endings.indexOf('.safetensors'));
  });

  it('neither reads nor removes files of other names', async () => {
    const others = [
      '00000009.json.bak',
      '00000009.safetensors.bak',
      'my-00000009.json',
      'my-00000009.safetensors',
    ];
    for (const name of others) await writeFile(join(folder, name), 'mine');
    const notices: string[] = [];
    const store = new CheckpointStore(folder, { notice: (message) => notices.push(message) });
    await store.save(stateOf(1), at(10));
    expect((await store.latest())?.step).toBe(10);
    await store.clear();
    expect((await readdir(folder)).sort()).toEqual(others);
    expect(notices).toEqual([]);
  });

  it('reports a folder that cannot be read, instead of starting anew', async () => {
    await writeFile(join(folder, 'kd'), 'a file');
    await expect(new CheckpointStore(join(folder, 'kd')).latest()).rejects.toThrow('ENOTDIR');
  });

  it('keeps the newest ones only', async () => {
    const store = new CheckpointStore(folder, { keep: 3 });
    for (let i = 1; i <= 6; i++) await store.save(stateOf(i), at(i));
    const names = ['00000004', '00000005', '00000006'];
    expect((await readdir(folder)).sort()).toEqual(names.flatMap((n) => [`${n}.json`, `${n}.safetensors`]));
  });

  it.each<[string, string, (name: string) => Promise<void>]>([
    [
      'tensors cut short',
      '00000002.safetensors has 40 bytes, not ',
      (name) => truncate(join(folder, `${name}.safetensors`), 40),
    ],
    ['tensors missing', 'ENOENT', (name) => rm(join(folder, `${name}.safetensors`))],
    [
      'a manifest cut short',
      'its manifest is incomplete or not what it was',
      (name) => truncate(join(folder, `${name}.json`), 20),
    ],
    [
      'one byte changed',
      'the hash of 00000002.safetensors is another',
      async (name) => {
        const path = join(folder, `${name}.safetensors`);
        const bytes = await readFile(path);
        bytes[bytes.length - 1]! ^= 1;
        await writeFile(path, bytes);
      },
    ],
    [
      'a shape changed in the manifest',
      'its manifest is incomplete or not what it was',
      async (name) => {
        const path = join(folder, `${name}.json`);
        const manifest = JSON.parse(await readFile(path, 'utf8')) as {
          tensors: Record<string, { shape: number[] }>;
        };
        manifest.tensors['student/params/w']!.shape = [4, 1];
        await writeFile(path, JSON.stringify(manifest));
      },
    ],
    [
      'another shape in the manifest of an earlier version, which has no checksum',
      '"student/params/w" differs',
      async (name) => {
        const path = join(folder, `${name}.json`);
        const { checksum: _, ...manifest } = JSON.parse(await readFile(path, 'utf8')) as Record<
          string,
          unknown
        >;
        const text = JSON.stringify(manifest).replace('"shape":[2,2]', '"shape":[4,1]');
        await writeFile(path, text);
      },
    ],
  ])('goes back to the previous one, with a notice: %s', async (_, why, damage) => {
    const notices: string[] = [];
    const store = new CheckpointStore(folder, { notice: (message) => notices.push(message) });
    await store.save(stateOf(1), at(10));
    await store.save(stateOf(2), at(20));
    await damage('00000002');
    expect((await store.latest())?.state).toEqual(stateOf(1));
    expect(notices).toHaveLength(1);
    expect(notices[0]).toMatch(/00000002\.json cannot be used .* going back to the one before/);
    expect(notices[0]).toContain(why);
    await store.save(stateOf(3), at(30));
    expect((await store.latest())?.step).toBe(30);
  });

  it('ignores and removes incomplete files of a process that was killed', async () => {
    const store = new CheckpointStore(folder);
    await store.save(stateOf(1), at(10));
    await writeFile(join(folder, '00000002.safetensors'), 'whole, but its manifest was never written');
    await writeFile(join(folder, '00000003.safetensors.4711.tmp'), 'half');
    expect((await store.latest())?.step).toBe(10);
    await store.save(stateOf(2), at(20));
    expect((await readdir(folder)).filter((file) => file.endsWith('.tmp'))).toEqual([]);
    expect((await store.latest())?.step).toBe(20);
  });

  describe('with a checkpoint of a newer version', () => {
    const files = async (): Promise<string[]> => (await readdir(folder)).sort();
    const raiseFormat = async (serial: string): Promise<void> => {
      const path = join(folder, `${serial}.json`);
      const manifest = JSON.parse(await readFile(path, 'utf8')) as object;
      await writeFile(path, JSON.stringify({ ...manifest, format: 2, another: 'field' }));
    };
    it('refuses to resume from an older one instead of it', async () => {
      const notices: string[] = [];
      const store = new CheckpointStore(folder, { notice: (message) => notices.push(message) });
      await store.save(stateOf(1), at(10));
      await store.save(stateOf(2), at(20));
      await raiseFormat('00000002');
      const refused = store.latest();
      await expect(refused).rejects.toMatchObject({
        code: 'ANC_CHECKPOINT_VERSION',
        message: expect.stringMatching(/00000002\.json was written by a newer version/) as string,
        detail: { expected: 'format 1', received: 'format 2' },
      });
      expect(notices).toEqual([]);
    });

    it('never deletes it, nor counts it among those to keep', async () => {
      const store = new CheckpointStore(folder, { keep: 2 });
      await store.save(stateOf(1), at(10));
      await raiseFormat('00000001');
      await writeFile(join(folder, '00000001.optimizer'), 'a file that only the newer version knows');
      const newer = await files();
      for (let i = 2; i <= 5; i++) await store.save(stateOf(i), at(10 * i));
      const own = ['00000004', '00000005'].flatMap((serial) => [`${serial}.json`, `${serial}.safetensors`]);
      expect(await files()).toEqual([...newer, ...own].sort());
      expect((await store.latest())?.step).toBe(50);
      await store.clear();
      expect(await files()).toEqual(newer);
    });
  });

  it('removes the whole folder when a model has finished', async () => {
    const store = new CheckpointStore(join(folder, 'kd'));
    await store.clear(); // nothing there yet
    await store.save(stateOf(1), at(10));
    await writeFile(join(folder, 'kd', '00000002.safetensors.4711.tmp'), 'half');
    await store.clear();
    expect(await readdir(folder)).toEqual([]);
  });
});

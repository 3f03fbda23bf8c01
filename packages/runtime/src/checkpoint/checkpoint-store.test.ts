import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HostTensor, Tree } from '@anc/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CheckpointStore } from './checkpoint-store.js';

const stateOf = (value: number): Tree<HostTensor> => ({
  'student/params/w': { shape: [2, 2], data: Float32Array.of(value, NaN, -0, 1e-42) },
  'student/stats/n': { shape: [], data: Int32Array.of(value) },
});
const at = (step: number) => ({ stage: 'train', step, epoch: Math.floor(step / 10) });

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'anc-checkpoints-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

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
    await store.dropNewest();
    expect(await store.latest()).toBeNull();
  });

  it('keeps the newest ones only', async () => {
    const store = new CheckpointStore(folder, { keep: 3 });
    for (let i = 1; i <= 6; i++) await store.save(stateOf(i), at(i));
    const names = ['00000004', '00000005', '00000006'];
    expect((await readdir(folder)).sort()).toEqual(names.flatMap((n) => [`${n}.json`, `${n}.safetensors`]));
  });

  it.each<[string, (name: string) => Promise<void>]>([
    ['tensors cut short', (name) => truncate(join(folder, `${name}.safetensors`), 40)],
    ['tensors missing', (name) => rm(join(folder, `${name}.safetensors`))],
    ['a manifest cut short', (name) => truncate(join(folder, `${name}.json`), 20)],
    [
      'one byte changed',
      async (name) => {
        const path = join(folder, `${name}.safetensors`);
        const bytes = await readFile(path);
        bytes[bytes.length - 1]! ^= 1;
        await writeFile(path, bytes);
      },
    ],
    [
      'a shape changed in the manifest',
      async (name) => {
        const path = join(folder, `${name}.json`);
        const manifest = JSON.parse(await readFile(path, 'utf8')) as {
          tensors: Record<string, { shape: number[] }>;
        };
        manifest.tensors['student/params/w']!.shape = [4, 1];
        await writeFile(path, JSON.stringify(manifest));
      },
    ],
  ])('goes back to the previous one, with a notice: %s', async (_, damage) => {
    const notices: string[] = [];
    const store = new CheckpointStore(folder, { notice: (message) => notices.push(message) });
    await store.save(stateOf(1), at(10));
    await store.save(stateOf(2), at(20));
    await damage('00000002');
    expect((await store.latest())?.state).toEqual(stateOf(1));
    expect(notices).toHaveLength(1);
    expect(notices[0]).toMatch(/00000002\.json is damaged .* going back to the one before/);
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

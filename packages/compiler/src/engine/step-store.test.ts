import { mkdtemp, readdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StepStore } from './step-store.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'anc-steps-'));
  vi.stubEnv('ANC_CACHE_DIR', folder);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

const stored = {
  about: { metrics: ['loss', 'größe'], plan: { steps: null } },
  model: Uint8Array.of(4, 5, 6),
};
const fileOf = (store: StepStore, key: string): string => join(store.folder, `${key}.step`);

describe('StepStore', () => {
  it('finds what was kept, under the same key', async () => {
    const store = StepStore.open()!;
    const key = store.keyOf(['a', { shape: [1, 2] }]);
    expect(await store.read(key)).toBeNull();
    await store.write(key, stored);
    expect(await StepStore.open()!.read(key)).toEqual(stored);
    expect(store.keyOf(['a', { shape: [1, 2] }])).toBe(key);
    expect(store.keyOf(['a', { shape: [2, 1] }])).not.toBe(key);
    const [one, other] = [
      store.keyOf([{ a: { b: 1, c: 2 }, d: [3, 4] }]),
      store.keyOf([{ d: [3, 4], a: { c: 2, b: 1 } }]),
    ];
    expect(one).toBe(other);
    expect(store.keyOf([{ a: { b: 2, c: 1 }, d: [3, 4] }])).not.toBe(one);
    expect(await readdir(store.folder)).toHaveLength(1);
  });

  it('reads a model that can be transferred', async () => {
    const store = StepStore.open()!;
    await store.write('k', stored);
    const { model } = (await store.read('k'))!;
    expect(model.buffer.byteLength).toBe(model.byteLength);
  });

  it('does not return a file that was changed, cut or renamed, or is of something else', async () => {
    const store = StepStore.open()!;
    await store.write('k', stored);
    const bytes = await readFile(fileOf(store, 'k'));
    const at = (index: number): Buffer => {
      const changed = Buffer.from(bytes);
      changed[index]! ^= 1;
      return changed;
    };
    for (const index of bytes.keys()) {
      await writeFile(fileOf(store, 'k'), at(index));
      expect(await store.read('k'), `byte ${index}`).toBeNull();
    }
    for (const other of [bytes.subarray(0, 20), bytes.subarray(0, -1), Buffer.alloc(0), Buffer.alloc(64)]) {
      await writeFile(fileOf(store, 'k'), other);
      expect(await store.read('k')).toBeNull();
    }
    await writeFile(fileOf(store, 'k'), bytes);
    await rename(fileOf(store, 'k'), fileOf(store, 'other'));
    expect(await store.read('other')).toBeNull();
  });

  it('keeps one of those that are written at once', async () => {
    const stores = [StepStore.open()!, StepStore.open()!];
    await Promise.all([...stores, ...stores].map((store) => store.write('k', stored)));
    expect(await stores[0]!.read('k')).toEqual(stored);
    expect(await readdir(stores[0]!.folder)).toEqual(['k.step']);
  });

  it('removes what was not used for longest, and nothing of somebody else', async () => {
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((part) => StepStore.open()!.keyOf([part])) as [
      string,
      string,
      string,
      string,
    ];
    await StepStore.open()!.write(a, stored);
    const { length } = await readFile(fileOf(StepStore.open()!, a));
    const store = StepStore.open(3 * length)!;
    await writeFile(join(store.folder, 'notes.txt'), 'x'.repeat(10 * length));
    await utimes(join(store.folder, 'notes.txt'), 1, 1);
    for (const [i, key] of [a, b, c].entries()) {
      await store.write(key, stored);
      await utimes(fileOf(store, key), 1000 + i, 1000 + i);
    }
    await store.read(a); // used now
    await vi.waitFor(() => store.write(d, stored));
    expect((await readdir(store.folder)).sort()).toEqual(
      [a, c, d]
        .map((key) => `${key}.step`)
        .concat('notes.txt')
        .sort(),
    );
  });

  it('makes its folder, and ends where a file system refuses to have it', async () => {
    vi.stubEnv('ANC_CACHE_DIR', join(folder, 'a', 'b'));
    const store = StepStore.open()!;
    await store.write('k', stored);
    expect(await store.read('k')).toEqual(stored);
    vi.stubEnv('ANC_CACHE_DIR', '/proc/nothing');
    await StepStore.open()!.write('k', stored);
    expect(await StepStore.open()!.read('k')).toBeNull();
  });

  it('goes without a folder that cannot be made, and without one at all', async () => {
    await writeFile(join(folder, 'steps'), 'a file');
    const store = StepStore.open()!;
    await store.write('k', stored);
    expect(await store.read('k')).toBeNull();
    vi.stubEnv('ANC_STEP_CACHE', 'off');
    expect(StepStore.open()).toBeNull();
  });
});

import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { GraphStore } from './graph-store.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'anc-graphs-'));
  vi.stubEnv('ANC_CACHE_DIR', folder);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

const model = Uint8Array.of(1, 2, 3);
const optimized = Uint8Array.of(4, 5, 6, 7);

/** Keeps a graph of so many bytes, as the runtime would write it. */
async function keep(store: GraphStore, file: string, content: Uint8Array = optimized): Promise<void> {
  const begun = (await store.begin(file))!;
  await writeFile(begun, content);
  await store.keep(begun, file);
}

describe('GraphStore', () => {
  it('finds what was kept, for the same model under the same conditions', async () => {
    const store = GraphStore.open(['1.0', 'all'])!;
    const file = store.fileFor(model);
    expect(await store.read(file)).toBeNull();
    await keep(store, file);
    expect([...(await store.read(file))!]).toEqual([...optimized]);
    const other = GraphStore.open(['1.1', 'all'])!;
    expect(other.fileFor(model)).not.toBe(file);
    expect(store.fileFor(Uint8Array.of(1, 2))).not.toBe(file);
    expect(GraphStore.open(['1.0', 'all'])!.fileFor(model)).toBe(file);
  });

  it('does not return a file that was changed or cut', async () => {
    const store = GraphStore.open([])!;
    const file = store.fileFor(model);
    await keep(store, file);
    const bytes = await readFile(file);
    const changed = Buffer.from(bytes);
    changed[1]! ^= 1;
    for (const damaged of [changed, bytes.subarray(0, 20), bytes.subarray(0, -1), Buffer.alloc(0)]) {
      await writeFile(file, damaged);
      expect(await store.read(file)).toBeNull();
    }
  });

  it('keeps nothing where nothing was written', async () => {
    const store = GraphStore.open([])!;
    await keep(store, store.fileFor(model), new Uint8Array());
    expect(await readdir(store.folder)).toEqual([]);
  });

  it('removes what was not used for longest', async () => {
    const store = GraphStore.open([], 3 * (optimized.length + 32))!;
    const files = [0, 1, 2, 3].map((i) => store.fileFor(Uint8Array.of(i)));
    for (const [i, file] of files.slice(0, 3).entries()) {
      await keep(store, file);
      await utimes(file, 1000 + i, 1000 + i);
    }
    await store.read(files[0]!); // used now
    await keep(store, files[3]!);
    const left = await Promise.all(files.map((file) => store.read(file)));
    expect(left.map((found) => found !== null)).toEqual([true, false, true, true]);
  });

  it('begins nothing in a folder that cannot be made', async () => {
    await writeFile(join(folder, 'graphs'), 'a file');
    const store = GraphStore.open([])!;
    expect(await store.begin(store.fileFor(model))).toBeNull();
    expect(await store.read(store.fileFor(model))).toBeNull();
  });
});

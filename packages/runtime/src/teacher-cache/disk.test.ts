import { spawn } from 'node:child_process';
import { copyFile, mkdtemp, readdir, readFile, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Teacher, type HostTensor, type ImageBatch, type Tree } from '@anc/core';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DiskTable } from './disk-table.js';
import { TeacherCache, type TeacherCacheOptions } from './teacher-cache.js';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'anc-cache-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

/** Two logits that depend on the image's one byte and on the teacher's weight. */
class ByteTeacher extends Teacher {
  readonly name = 'byte';
  readonly outputs = { logits: [2], 'a.tap/1': [1] };
  inferred = 0;
  constructor(readonly weight = 1) {
    super();
  }
  get hash(): string {
    return `weights-${this.weight}`;
  }
  infer(images: HostTensor, names: readonly string[]): Promise<Tree<HostTensor>> {
    const bytes = images.data as Uint8Array;
    this.inferred += bytes.length;
    const of = (name: string): Float32Array =>
      name === 'logits'
        ? Float32Array.from(
            { length: bytes.length * 2 },
            (_, i) => Math.sin(bytes[i >> 1]! * this.weight + (i % 2)) * 9,
          )
        : Float32Array.from(bytes, (byte) => byte / 3);
    return Promise.resolve(
      Object.fromEntries(
        names.map((name) => [name, { shape: [bytes.length, name === 'logits' ? 2 : 1], data: of(name) }]),
      ),
    );
  }
  dispose(): Promise<void> {
    return Promise.resolve();
  }
}

const COUNT = 40;
const VIEWS = 3;
const SOURCE = { fingerprint: 'data', count: COUNT, shape: [1, 1, 1] as const };
const batchOf = (pairs: readonly (readonly [number, number])[]): ImageBatch => ({
  indices: Int32Array.from(pairs, ([image]) => image),
  views: Int32Array.from(pairs, ([, view]) => view),
  images: Uint8Array.from(pairs, ([image, view]) => image * 5 + view),
});
const open = (
  teacher: Teacher,
  options: Partial<TeacherCacheOptions> = {},
  augmentation = { id: 'crop', views: VIEWS },
  source: { fingerprint: string; count: number; shape: readonly [number, number, number] } = SOURCE,
): TeacherCache =>
  new TeacherCache(teacher, source, augmentation, { budgetMb: 0, disk: { folder: dir }, ...options });
const all = batchOf(Array.from({ length: COUNT }, (_, i) => [i, i % VIEWS] as const));
const filesIn = async (ending: string): Promise<string[]> =>
  (await readdir(dir, { recursive: true }))
    .filter((name) => name.endsWith(ending))
    .map((name) => join(dir, name));

describe('TeacherCache on disk', () => {
  it('returns what the teacher computes, bit for bit, in this process and in the next', async () => {
    const pair = fc.tuple(fc.nat(COUNT - 1), fc.nat(VIEWS - 1));
    const names = fc.constantFrom(['logits'], ['a.tap/1'], ['a.tap/1', 'logits']);
    const requests = fc.array(fc.tuple(fc.array(pair, { minLength: 1, maxLength: 9 }), names), {
      maxLength: 8,
    });
    await fc.assert(
      fc.asyncProperty(
        requests,
        fc.constantFrom(0, 200 / 2 ** 20, 1),
        fc.boolean(),
        async (batches, budgetMb, reopen) => {
          const teacher = new ByteTeacher();
          let cache = open(teacher, { budgetMb });
          for (const [pairs, outputs] of batches) {
            const batch = batchOf(pairs);
            const live = await new ByteTeacher().infer(
              { shape: [pairs.length, 1, 1, 1], data: batch.images },
              outputs,
            );
            expect(await cache.outputs(batch, outputs)).toEqual(live);
            if (reopen) {
              await cache.close();
              cache = open(teacher, { budgetMb });
            }
          }
          await cache.close();
        },
      ),
      { numRuns: 15 },
    );
  });

  it('infers each image and view once over several runs, and counts hits and misses', async () => {
    const first = new ByteTeacher();
    const cache = open(first);
    await cache.outputs(all, ['logits']);
    await cache.outputs(all, ['logits']);
    expect(cache.counts).toMatchObject({
      hits: COUNT,
      diskHits: COUNT,
      misses: COUNT,
      bytes: 0,
      halfError: 0,
    });
    expect(cache.counts.diskBytes).toBe(COUNT * (8 + 8 + 4)); // slot, two floats, checksum
    await cache.close();
    const second = new ByteTeacher();
    const later = open(second, { budgetMb: 1 });
    await later.outputs(all, ['logits']);
    await later.outputs(all, ['logits']);
    expect(second.inferred).toBe(0);
    expect(later.counts).toMatchObject({ hits: 2 * COUNT, diskHits: COUNT, misses: 0 }); // then from memory
    await later.close();
  });

  it.each<[string, () => TeacherCache]>([
    ['teacher', () => open(new ByteTeacher(2))],
    ['augmentation', () => open(new ByteTeacher(), {}, { id: 'crop,flip', views: VIEWS })],
    ['data', () => open(new ByteTeacher(), {}, undefined, { ...SOURCE, fingerprint: 'other' })],
    ['precision', () => open(new ByteTeacher(), { float16: true })],
  ])('returns no stale outputs for another %s', async (_, other) => {
    const cache = open(new ByteTeacher());
    await cache.outputs(all, ['logits']);
    await cache.close();
    const changed = other();
    await changed.outputs(all, ['logits']);
    expect(changed.counts).toMatchObject({ hits: 0, misses: COUNT });
    await changed.close();
  });

  it('in half precision returns the same for hits and misses, and reports the rounding error', async () => {
    const teacher = new ByteTeacher();
    const cache = open(teacher, { float16: true });
    const fresh = (await cache.outputs(all, ['logits'])).logits!.data;
    await cache.close();
    const later = open(new ByteTeacher(), { float16: true });
    expect((await later.outputs(all, ['logits'])).logits!.data).toEqual(fresh);
    const exact = (await teacher.infer({ shape: [COUNT, 1, 1, 1], data: all.images }, ['logits'])).logits!
      .data;
    const change = Math.max(...fresh.map((value, i) => Math.abs(value - exact[i]!)));
    expect(cache.counts.halfError).toBeCloseTo(change, 12);
    expect(change).toBeGreaterThan(0);
    expect(change).toBeLessThan(9 * 2 ** -11);
    await later.close();
  });

  it('can be written and read by several users at once', async () => {
    const teachers = Array.from({ length: 4 }, () => new ByteTeacher());
    const caches = teachers.map((teacher) => open(teacher));
    const live = (await new ByteTeacher().infer({ shape: [COUNT, 1, 1, 1], data: all.images }, ['logits']))
      .logits!;
    const results = await Promise.all(caches.map((cache) => cache.outputs(all, ['logits'])));
    for (const { logits } of results) expect(logits).toEqual(live);
    await Promise.all(caches.map((cache) => cache.close()));
    const last = new ByteTeacher();
    const cache = open(last);
    expect((await cache.outputs(all, ['logits'])).logits).toEqual(live);
    expect(last.inferred).toBe(0);
    await cache.close();
  });

  it('skips files that are cut short, damaged, unfinished or of another format', async () => {
    const cache = open(new ByteTeacher());
    await cache.outputs(all, ['logits']);
    await cache.close();
    const [file] = await filesIn('.rows');
    const copy = async (name: string): Promise<string> => {
      await copyFile(file!, join(file!, '..', name));
      return join(file!, '..', name);
    };
    await truncate(await copy('1.rows'), 100);
    const bytes = await readFile(file!);
    bytes[30]! ^= 1; // a slot
    await writeFile(await copy('2.rows'), bytes);
    await writeFile(join(file!, '..', '3.rows'), 'hello');
    await writeFile(join(file!, '..', 'x.rows.part'), bytes.subarray(0, 50));
    await writeFile(join(file!, '..', 'old.rows.part'), bytes.subarray(0, 50));
    await utimes(join(file!, '..', 'old.rows.part'), new Date('2020-01-01'), new Date('2020-01-01'));
    await rm(file!);
    const teacher = new ByteTeacher();
    const later = open(teacher);
    const { logits } = await later.outputs(all, ['logits']);
    const live = await new ByteTeacher().infer({ shape: [COUNT, 1, 1, 1], data: all.images }, ['logits']);
    expect(logits).toEqual(live.logits);
    expect(teacher.inferred).toBe(COUNT);
    expect((await filesIn('.part')).length).toBe(1); // the old one is removed; a recent one may be another writer's
    await later.close();
  });

  it('infers a damaged row again and stores it', async () => {
    const cache = open(new ByteTeacher());
    await cache.outputs(all, ['logits', 'a.tap/1']);
    await cache.close();
    const file = (await filesIn('.rows')).find((name) => name.includes('logits'))!;
    const bytes = await readFile(file);
    bytes[24 + 8 * COUNT + 3 * 12]! ^= 1; // of the fourth row
    await writeFile(file, bytes);
    const names = ['logits', 'a.tap/1'];
    const live = await new ByteTeacher().infer({ shape: [COUNT, 1, 1, 1], data: all.images }, names);
    for (const misses of [1, COUNT - 1, 0]) {
      // the damaged file is removed with all its rows
      const later = open(new ByteTeacher());
      expect(await later.outputs(all, names)).toEqual(live);
      expect(later.counts).toMatchObject({ misses, diskHits: COUNT - misses });
      await later.close();
    }
  });

  it('has flushed rows on disk, even if the process ends without closing', async () => {
    const cache = open(new ByteTeacher());
    await cache.outputs(all, ['logits']);
    await cache.flush();
    const later = open(new ByteTeacher()); // the first is not closed
    await later.outputs(all, ['logits']);
    expect(later.counts).toMatchObject({ misses: 0, diskHits: COUNT });
    await Promise.all([cache.close(), later.close()]);
  });

  it('continues without the disk if it cannot be written, with one notice', async () => {
    const notices: string[] = [];
    const cache = open(new ByteTeacher(), { disk: { folder: dir, notice: (text) => notices.push(text) } });
    await cache.outputs(all, ['logits']);
    await rm(dir, { recursive: true });
    await writeFile(dir, 'a file in the way');
    await cache.close();
    await rm(dir);
    expect(notices.length).toBe(1);
    expect(notices[0]).toMatch(/no longer kept/);
  });

  it('stays within its limit', async () => {
    const cache = open(new ByteTeacher(), { disk: { folder: dir, limitMb: 200 / 2 ** 20 } });
    await cache.outputs(all, ['logits']);
    expect(cache.counts.diskBytes).toBe(200);
    await cache.close();
  });
});

describe('DiskTable', () => {
  it('writes many segments and reads adjacent and scattered rows from them', async () => {
    const size = 1 << 18; // 8 rows of 1 MiB fill a segment
    const table = await DiskTable.open(join(dir, 't'), size, 4);
    for (let slot = 0; slot < 20; slot++) await table.add(slot * 10 ** 12, new Float32Array(size).fill(slot));
    const slots = [19, 3, 4, 5, 12, 0].map((i) => i * 10 ** 12);
    const out = new Float32Array(size * slots.length);
    await table.read(slots, out);
    expect(slots.map((_, i) => out[i * size + size - 1])).toEqual([19, 3, 4, 5, 12, 0]);
    await table.close();
    expect((await filesIn('.rows')).length).toBe(3);
  });

  it('has only complete segments after a process was killed', async () => {
    // The built program's table, in a process that writes segments until it is ended in the middle of one.
    const built = pathToFileURL(join(import.meta.dirname, '../../dist/internal.js')).href;
    const folder = join(dir, 't');
    const script = `
      const { DiskTable } = await import(${JSON.stringify(built)});
      const table = await DiskTable.open(${JSON.stringify(folder)}, 1 << 16, 4);
      for (let slot = 0; ; slot++) {
        await table.add(slot, new Float32Array(1 << 16).fill(slot));
        if (slot % 8 === 7) await table.flush();
        if (slot === 15) process.stdout.write('some are there');
      }`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    child.stdout.on('data', () => child.kill('SIGKILL'));
    const signal = await new Promise((done) => child.on('close', (_, by) => done(by)));
    expect(signal).toBe('SIGKILL');
    const table = await DiskTable.open(folder, 1 << 16, 4);
    const slots = Array.from({ length: 10_000 }, (_, slot) => slot).filter((slot) => table.has(slot));
    expect(slots.length).toBeGreaterThanOrEqual(16);
    expect(slots.length % 8).toBe(0); // whole segments
    const out = new Float32Array(slots.length << 16);
    expect((await table.read(slots, out)).size).toBe(0);
    expect(slots.every((slot, i) => out[i << 16] === slot && out[(i << 16) + 65535] === slot)).toBe(true);
    await table.close();
  });
});

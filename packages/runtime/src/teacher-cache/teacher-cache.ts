/**
 * More than 300 lines: memory, disk and the teacher answer one question together, and what is counted depends on all three.
 */
import { join } from 'node:path';
import {
  AncError,
  sizeOf,
  type HostTensor,
  type ImageBatch,
  type ImageSource,
  type ImageViews,
  type Teacher,
  type TeacherOutputs,
  type Tree,
} from '@anc/core';
import { runInParts } from '@anc/core/internal';
import { roundToFloat16 } from '@anc/formats';
import { DiskStore, type DiskCacheOptions } from './disk-store.js';
import type { DiskTable } from './disk-table.js';
import { OutputTable } from './output-table.js';
import { decodeEntries, encodeEntries, type SentEntries } from './sent-entries.js';
import type { TeacherCacheCounts } from './teacher-cache-counts.js';
import { teacherCacheKey } from './teacher-cache-key.js';

/** Options of `TeacherCache`. */
export interface TeacherCacheOptions {
  /** Memory for cached outputs, in MB (2^20 bytes); 0 caches nothing in memory. */
  readonly budgetMb: number;
  /**
   * Batch sizes at which the teacher is fast. Images that are not cached yet are filled up to the next of these sizes;
   * without them every inference has the batch's own size.
   */
  readonly batchSizes?: readonly number[];
  /** Keeps all outputs on disk as well: beyond the memory budget, and for later runs. */
  readonly disk?: DiskCacheOptions;
  /**
   * Rounds outputs to half precision, including live ones, so that a hit and a miss give the same values. Halves the
   * space on disk. `counts.halfError` is the largest change that this makes.
   */
  readonly float16?: boolean;
  /** Shares the memory of another cache if that is of the same teacher, data and augmentation. */
  readonly from?: TeacherCache;
}

/**
 * Caches the requested outputs of a frozen teacher, exactly, by (teacher hash, dataset fingerprint, augmentation,
 * image, view). A fingerprint covers images alone: labels do not matter here.
 *
 * When the memory budget is spent, the cache keeps its entries and reads the others from disk. Every epoch visits every
 * image once, in its own order, so evicting the least recently used entry would evict what is needed next.
 *
 * Training with cached outputs equals training with live ones if the teacher's output for an image does not depend on
 * the rest of its batch.
 */
export class TeacherCache implements TeacherOutputs {
  readonly #teacher: Teacher;
  /** Of every image: room in the numbers under which outputs are kept. */
  readonly #views: number;
  readonly #augmentation: string;
  readonly #images: number;
  readonly #shape: readonly number[];
  readonly #sizes: readonly number[];
  readonly #budget: number;
  readonly #tables: Map<string, OutputTable>;
  #hits = 0;
  #misses = 0;
  #inferred = 0;
  #diskHits = 0;
  #halfError = 0;
  readonly #disk: DiskStore | null;
  readonly #float16: boolean;

  /** Identifies teacher, data, augmentation and precision: entries are valid for equal keys only. */
  readonly key: string;

  constructor(
    teacher: Teacher,
    source: Pick<ImageSource, 'fingerprint' | 'count' | 'shape'>,
    augmentation: Pick<ImageViews, 'id' | 'views'>,
    options: TeacherCacheOptions,
  ) {
    this.#teacher = teacher;
    this.#images = source.count;
    this.#shape = source.shape;
    this.#views = augmentation.views ?? MOST_VIEWS;
    this.#augmentation = augmentation.id;
    this.#sizes = [...(options.batchSizes ?? [])].sort((a, b) => a - b);
    this.#budget = options.budgetMb * 2 ** 20;
    this.#float16 = options.float16 === true;
    this.key = teacherCacheKey(teacher, source, augmentation, this.#float16);
    const { from, disk } = options;
    this.#tables = from?.key === this.key ? from.#tables : new Map<string, OutputTable>();
    this.#disk =
      disk === undefined ? null : new DiskStore(join(disk.folder, this.key), this.#float16 ? 2 : 4, disk);
  }

  /** Hits, misses and space up to now. */
  get counts(): TeacherCacheCounts {
    return {
      hits: this.#hits,
      misses: this.#misses,
      inferred: this.#inferred,
      bytes: this.#bytes(),
      diskHits: this.#diskHits,
      diskBytes: this.#disk?.bytes ?? 0,
      halfError: this.#halfError,
    };
  }

  /** Writes all entries that are not on disk yet, so that a crash cannot lose them. */
  async flush(): Promise<void> {
    await this.#disk?.flush();
  }

  /** Finds what other processes with the same folder have written meanwhile. Not while outputs are being read. */
  async refresh(): Promise<void> {
    await this.#disk?.refresh();
  }

  /**
   * Gives away the outputs in memory that other ranks keep: removes them and returns them as bytes for `receive`. Nothing where every
   * epoch has other views of the images. Not while outputs are being read.
   *
   * @param rankOf which rank keeps the outputs of an image in a view; the same on all ranks
   * @param rank this one
   */
  giveAway(rankOf: (image: number, view: number) => number, rank: number): Uint8Array {
    if (this.#views === MOST_VIEWS) return encodeEntries([]);
    const isOwn = (key: number): boolean => rankOf(Math.floor(key / this.#views), key % this.#views) === rank;
    const given = [...this.#tables].map(([name, table]): SentEntries => {
      const keys = [...table.keys()].filter((key) => !isOwn(key));
      const values = new Float32Array(keys.length * table.size);
      keys.forEach((key, i) => table.copy(key, values.subarray(i * table.size, (i + 1) * table.size)));
      table.retain(isOwn);
      return { name, size: table.size, keys: Float64Array.from(keys), values };
    });
    return encodeEntries(given);
  }

  /**
   * Adds what another rank gives away and this one keeps, within the memory budget. Not while outputs are being read.
   *
   * @param rankOf as `giveAway` takes it
   * @param rank as `giveAway` takes it
   */
  receive(bytes: Uint8Array, rankOf: (image: number, view: number) => number, rank: number): void {
    for (const { name, size, keys, values } of decodeEntries(bytes)) {
      const table = this.#table(name);
      keys.forEach((key, i) => {
        if (rankOf(Math.floor(key / this.#views), key % this.#views) !== rank) return;
        if (this.#bytes() + table.entryBytes <= this.#budget)
          table.add(key, values.subarray(i * size, (i + 1) * size));
      });
    }
  }

  /** Flushes and closes the files. The cache can be used again: it reopens them. */
  async close(): Promise<void> {
    await this.#disk?.close();
  }

  /**
   * The teacher's outputs for a batch: `[B, …]` each, equal to `teacher.infer` on its images. Those of images that were
   * augmented otherwise, or mixed within their batch, are computed and not cached.
   *
   * @throws `ANC_TEACHER_OUTPUT` if the teacher lacks one of `names`, `ANC_TEACHER_CACHE` for images or views of other
   *   data.
   */
  async outputs(batch: ImageBatch, names: readonly string[]): Promise<Tree<HostTensor>> {
    const count = batch.indices.length;
    const { augmentation = this.#augmentation } = batch;
    if (augmentation !== this.#augmentation) return this.#run(batch.images, count, names);
    const tables = names.map((name) => this.#table(name));
    const keys = Array.from(batch.indices, (image, i) => this.#slot(image, batch.views[i]!));
    const results = tables.map(({ size }) => new Float32Array(count * size));
    const put = (t: number, i: number, values: Float32Array): void => {
      const table = tables[t]!;
      results[t]!.set(values, i * table.size);
      if (this.#bytes() + table.entryBytes <= this.#budget) table.add(keys[i]!, values);
    };
    const unknown: number[] = [];
    keys.forEach((key, i) => {
      if (tables.every((table) => table.has(key))) {
        tables.forEach((table, t) =>
          table.copy(key, results[t]!.subarray(i * table.size, (i + 1) * table.size)),
        );
      } else unknown.push(i);
    });
    const stored = await this.#stored(names);
    const wanted = unknown.filter((i) => stored.length > 0 && stored.every((table) => table.has(keys[i]!)));
    const onDisk = new Set(wanted);
    for (const i of await this.#readStored(stored, wanted, keys, put)) onDisk.delete(i);
    const missing = unknown.filter((i) => !onDisk.has(i));
    this.#hits += count - missing.length;
    this.#diskHits += onDisk.size;
    this.#misses += missing.length;
    if (missing.length > 0) {
      const live = await this.#infer(batch, names, missing);
      for (const [row, i] of missing.entries()) {
        for (const [t, { size }] of tables.entries()) {
          const at = live.whole ? i : row;
          const values = live.outputs[t]!.slice(at * size, (at + 1) * size);
          if (this.#float16) this.#halfError = Math.max(this.#halfError, roundToFloat16(values));
          put(t, i, values);
          const table = stored[t];
          if (table !== undefined) await this.#disk!.add(table, keys[i]!, values);
        }
      }
    }
    return Object.fromEntries(
      names.map((name, t) => [name, { shape: [count, ...this.#shapeOf(name)], data: results[t]! }]),
    );
  }

  async #stored(names: readonly string[]): Promise<DiskTable[]> {
    const disk = this.#disk;
    if (disk === null) return [];
    return await Promise.all(names.map((name) => disk.table(name, sizeOf(this.#shapeOf(name)))));
  }

  /** Reads the wanted rows of all outputs from disk. Returns those that are damaged there. */
  async #readStored(
    stored: readonly DiskTable[],
    wanted: readonly number[],
    keys: readonly number[],
    put: (t: number, i: number, values: Float32Array) => void,
  ): Promise<readonly number[]> {
    if (wanted.length === 0) return [];
    const slots = wanted.map((i) => keys[i]!);
    const values = stored.map((table) => new Float32Array(wanted.length * table.size));
    const damaged = await Promise.all(stored.map((table, t) => table.read(slots, values[t]!)));
    const isDamaged = (k: number): boolean => damaged.some((places) => places.has(k));
    wanted.forEach((i, k) => {
      if (isDamaged(k)) return;
      stored.forEach(({ size }, t) => put(t, i, values[t]!.subarray(k * size, (k + 1) * size)));
    });
    return wanted.filter((_, k) => isDamaged(k));
  }

  /** Runs the teacher, in parts of the largest of its batch sizes where there are more images. */
  #run(data: Uint8Array, rows: number, names: readonly string[]): Promise<Tree<HostTensor>> {
    const images: HostTensor = { shape: [rows, ...this.#shape], data };
    return runInParts({ images }, this.#sizes.at(-1) ?? rows, (part) =>
      this.#teacher.infer(part.images!, names),
    );
  }

  /** Runs the teacher for all missing images. `whole`: on the whole batch, so that rows are in its order. */
  async #infer(
    batch: ImageBatch,
    names: readonly string[],
    missing: readonly number[],
  ): Promise<{ whole: boolean; outputs: Float32Array[] }> {
    const count = batch.indices.length;
    const size = this.#sizes.find((fast) => fast >= missing.length) ?? count;
    const whole = size >= count;
    const images = whole ? batch.images : gather(batch.images, sizeOf(this.#shape), missing, size);
    const rows = whole ? count : size;
    this.#inferred += rows;
    const inferred = await this.#run(images, rows, names);
    const outputs = names.map((name) => {
      const output = inferred[name];
      if (
        !(output?.data instanceof Float32Array) ||
        output.data.length !== rows * sizeOf(this.#shapeOf(name))
      ) {
        throw new AncError(
          'ANC_TEACHER_OUTPUT',
          `teacher "${this.#teacher.name}" returned a wrong "${name}".`,
          {
            expected: `float32 [${[rows, ...this.#shapeOf(name)].join(', ')}]`,
            received: output === undefined ? 'nothing' : `[${output.shape.join(', ')}]`,
          },
        );
      }
      return output.data;
    });
    return { whole, outputs };
  }

  #slot(image: number, view: number): number {
    if (image < 0 || image >= this.#images || view < 0 || view >= this.#views) {
      throw new AncError(
        'ANC_TEACHER_CACHE',
        'a batch is of other data than the teacher cache was made for.',
        {
          expected: `image < ${this.#images}, view < ${this.#views}`,
          received: `image ${image}, view ${view}`,
        },
      );
    }
    return image * this.#views + view;
  }

  #table(name: string): OutputTable {
    const known = this.#tables.get(name);
    if (known !== undefined) return known;
    const table = new OutputTable(sizeOf(this.#shapeOf(name)));
    this.#tables.set(name, table);
    return table;
  }

  #shapeOf(name: string): readonly number[] {
    const shape = this.#teacher.outputs[name];
    if (shape !== undefined) return shape;
    throw new AncError(
      'ANC_TEACHER_OUTPUT',
      `teacher "${this.#teacher.name}" has no output named "${name}".`,
      {
        expected: Object.keys(this.#teacher.outputs).join(', '),
      },
    );
  }

  #bytes(): number {
    let bytes = 0;
    for (const table of this.#tables.values()) bytes += table.bytes;
    return bytes;
  }
}

/** Views of an image that are numbered where there is no limit: one for each epoch. */
const MOST_VIEWS = 2 ** 20;

/** The chosen images one after the other, filled up to `rows` with the last of them. `size`: bytes of an image. */
function gather(images: Uint8Array, size: number, chosen: readonly number[], rows: number): Uint8Array {
  const out = new Uint8Array(rows * size);
  for (let row = 0; row < rows; row++) {
    const from = chosen[Math.min(row, chosen.length - 1)]! * size;
    out.set(images.subarray(from, from + size), row * size);
  }
  return out;
}

import { createHash } from 'node:crypto';
import { join } from 'node:path';
import {
  AncError,
  sizeOf,
  type Augmentation,
  type HostTensor,
  type ImageBatch,
  type ImageSource,
  type Teacher,
  type TeacherOutputs,
  type Tree,
} from '@anc/core';
import { roundToFloat16 } from '@anc/formats';
import { DiskStore, type DiskCacheOptions } from './disk-store.js';
import type { DiskTable } from './disk-table.js';
import { OutputTable } from './output-table.js';

export interface TeacherCacheOptions {
  /** Memory for remembered outputs, in MB (2^20 bytes); 0 remembers nothing. */
  readonly budgetMb: number;
  /**
   * Batch sizes that the teacher is quick at, for the images that are not yet remembered: they are filled
   * up to the next of these. Without it every inference has the batch's own size.
   */
  readonly batchSizes?: readonly number[];
  /** Keeps all outputs on disk, too: beyond the memory's budget, and for later runs. */
  readonly disk?: DiskCacheOptions;
  /**
   * Rounds outputs to half precision, live ones too, so that a hit and a miss give the same; halves the disk's
   * use. `counts.halfError` says what it changes.
   */
  readonly float16?: boolean;
  /** Goes on with what another memo remembers, where that holds for the same teacher, data and augmentation. */
  readonly from?: TeacherCache;
}

export interface TeacherCacheCounts {
  /** Images whose asked outputs were all remembered. */
  readonly hits: number;
  readonly misses: number;
  /** Images that went through the teacher, filling included. */
  readonly inferred: number;
  /** In memory. */
  readonly bytes: number;
  /** Hits that came from the disk. */
  readonly diskHits: number;
  readonly diskBytes: number;
  /** The largest change of an output by half precision; 0 without it. */
  readonly halfError: number;
}

/**
 * Remembers a frozen teacher's outputs, exactly, by (teacher hash, dataset fingerprint, augmentation, image,
 * view): only the outputs that were asked for. A fingerprint is of images alone: labels change nothing here.
 *
 * When the budget is spent it keeps what it has, and what is on disk is read from there. Every epoch visits every
 * image once, in an order of its own: throwing out the least recently used would throw out what is needed next.
 *
 * Training from memory equals training from live outputs where the teacher's output for an image does not
 * depend on the rest of its batch.
 */
export class TeacherCache implements TeacherOutputs {
  readonly #teacher: Teacher;
  readonly #views: number;
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

  /** What the remembered outputs hold for. Another teacher, data or augmentation has another key. */
  readonly key: string;

  constructor(
    teacher: Teacher,
    source: Pick<ImageSource, 'fingerprint' | 'count' | 'shape'>,
    augmentation: Pick<Augmentation, 'id' | 'views'>,
    options: TeacherCacheOptions,
  ) {
    this.#teacher = teacher;
    this.#images = source.count;
    this.#shape = source.shape;
    this.#views = augmentation.views;
    this.#sizes = [...(options.batchSizes ?? [])].sort((a, b) => a - b);
    this.#budget = options.budgetMb * 2 ** 20;
    this.#float16 = options.float16 === true;
    this.key = teacherCacheKey(teacher, source, augmentation, this.#float16);
    const { from, disk } = options;
    this.#tables = from?.key === this.key ? from.#tables : new Map<string, OutputTable>();
    this.#disk =
      disk === undefined ? null : new DiskStore(join(disk.folder, this.key), this.#float16 ? 2 : 4, disk);
  }

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

  /** Writes what is not yet on disk: what a crash cannot take any more. */
  async flush(): Promise<void> {
    await this.#disk?.flush();
  }

  /** The same, and lets go of its files. The memo can be asked again. */
  async close(): Promise<void> {
    await this.#disk?.close();
  }

  /**
   * The teacher's outputs for a batch: `[B, …]` each, equal to `teacher.infer` on its images.
   * Throws `ANC_TEACHER_OUTPUT` where the teacher does not give one of `names`.
   */
  async outputs(batch: ImageBatch, names: readonly string[]): Promise<Tree<HostTensor>> {
    const count = batch.indices.length;
    const tables = names.map((name) => this.#table(name));
    const keys = Array.from(batch.indices, (image, i) => this.#slot(image, batch.views[i]!));
    const results = tables.map(({ size }) => new Float32Array(count * size));
    const put = (t: number, i: number, values: Float32Array): void => {
      const table = tables[t]!;
      results[t]!.set(values, i * table.size);
      if (this.#bytes() + table.entryBytes <= this.#budget) table.remember(keys[i]!, values);
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

  /** Copies what is on disk, one read per output and run of rows. Returns which are damaged there. */
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

  /** Runs the teacher once for all that is missing. `whole`: on the batch as it is, rows in its order. */
  async #infer(
    batch: ImageBatch,
    names: readonly string[],
    missing: readonly number[],
  ): Promise<{ whole: boolean; outputs: Float32Array[] }> {
    const count = batch.indices.length;
    const room = this.#sizes.find((size) => size >= missing.length) ?? count;
    const whole = room >= count;
    const images = whole ? batch.images : gather(batch.images, sizeOf(this.#shape), missing, room);
    const rows = whole ? count : room;
    this.#inferred += rows;
    const answer = await this.#teacher.infer({ shape: [rows, ...this.#shape], data: images }, names);
    const outputs = names.map((name) => {
      const host = answer[name];
      if (!(host?.data instanceof Float32Array) || host.data.length !== rows * sizeOf(this.#shapeOf(name))) {
        throw new AncError('ANC_TEACHER_OUTPUT', `teacher "${this.#teacher.name}" gave a wrong "${name}".`, {
          expected: `float32 [${[rows, ...this.#shapeOf(name)].join(', ')}]`,
          received: host === undefined ? 'nothing' : `[${host.shape.join(', ')}]`,
        });
      }
      return host.data;
    });
    return { whole, outputs };
  }

  #slot(image: number, view: number): number {
    if (image < 0 || image >= this.#images || view < 0 || view >= this.#views) {
      throw new AncError('ANC_TEACHER_MEMO', 'a batch is of other data than the teacher memo was made for.', {
        expected: `image < ${this.#images}, view < ${this.#views}`,
        received: `image ${image}, view ${view}`,
      });
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

/** Everything that a remembered output depends on besides image and view. */
export function teacherCacheKey(
  teacher: Pick<Teacher, 'hash'>,
  source: Pick<ImageSource, 'fingerprint'>,
  augmentation: Pick<Augmentation, 'id'>,
  float16 = false,
): string {
  const parts = [teacher.hash, source.fingerprint, augmentation.id, ...(float16 ? ['float16'] : [])];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/** The chosen images one after the other, filled up to `room` with the last of them. */
function gather(images: Uint8Array, size: number, chosen: readonly number[], room: number): Uint8Array {
  const out = new Uint8Array(room * size);
  for (let row = 0; row < room; row++) {
    const from = chosen[Math.min(row, chosen.length - 1)]! * size;
    out.set(images.subarray(from, from + size), row * size);
  }
  return out;
}

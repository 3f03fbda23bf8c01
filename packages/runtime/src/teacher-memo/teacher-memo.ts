import { createHash } from 'node:crypto';
import {
  AncError,
  sizeOf,
  type Augmentation,
  type Host,
  type ImageBatch,
  type ImageSource,
  type Teacher,
  type TeacherOutputs,
  type Tree,
} from '@anc/core';
import { OutputTable } from './output-table.js';

export interface TeacherMemoOptions {
  /** Memory for remembered outputs, in MB (2^20 bytes); 0 remembers nothing. */
  readonly budgetMb: number;
  /**
   * Batch sizes that the teacher is quick at, for the images that are not yet remembered: they are filled
   * up to the next of these. Without it every inference has the batch's own size.
   */
  readonly batchSizes?: readonly number[];
  /** Goes on with what another memo remembers, where that holds for the same teacher, data and augmentation. */
  readonly from?: TeacherMemo;
}

export interface TeacherMemoCounts {
  /** Images whose asked outputs were all remembered. */
  readonly hits: number;
  readonly misses: number;
  /** Images that went through the teacher, filling included. */
  readonly inferred: number;
  readonly bytes: number;
}

/**
 * Remembers a frozen teacher's outputs, exactly, by (teacher hash, dataset fingerprint, augmentation, image,
 * view): only the outputs that were asked for.
 *
 * When the budget is spent it keeps what it has. Every epoch visits every image once, in an order of its
 * own: throwing out the least recently used would throw out what is needed next.
 *
 * Training from memory equals training from live outputs where the teacher's output for an image does not
 * depend on the rest of its batch.
 */
export class TeacherMemo implements TeacherOutputs {
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

  /** What the remembered outputs hold for. Another teacher, data or augmentation has another key. */
  readonly key: string;

  constructor(
    teacher: Teacher,
    source: Pick<ImageSource, 'fingerprint' | 'count' | 'shape'>,
    augmentation: Pick<Augmentation, 'id' | 'views'>,
    options: TeacherMemoOptions,
  ) {
    this.#teacher = teacher;
    this.#images = source.count;
    this.#shape = source.shape;
    this.#views = augmentation.views;
    this.#sizes = [...(options.batchSizes ?? [])].sort((a, b) => a - b);
    this.#budget = options.budgetMb * 2 ** 20;
    this.key = memoKey(teacher, source, augmentation);
    const { from } = options;
    this.#tables = from?.key === this.key ? from.#tables : new Map<string, OutputTable>();
  }

  get counts(): TeacherMemoCounts {
    return { hits: this.#hits, misses: this.#misses, inferred: this.#inferred, bytes: this.#bytes() };
  }

  /**
   * The teacher's outputs for a batch: `[B, …]` each, equal to `teacher.infer` on its images.
   * Throws `ANC_TEACHER_OUTPUT` where the teacher does not give one of `names`.
   */
  async outputs(batch: ImageBatch, names: readonly string[]): Promise<Tree<Host>> {
    const count = batch.indices.length;
    const tables = names.map((name) => this.#table(name));
    const keys = Array.from(batch.indices, (image, i) => this.#slot(image, batch.views[i]!));
    const missing = keys.flatMap((key, i) => (tables.every((table) => table.has(key)) ? [] : [i]));
    this.#hits += count - missing.length;
    this.#misses += missing.length;

    const results = tables.map(({ size }) => new Float32Array(count * size));
    const live = missing.length === 0 ? null : await this.#infer(batch, names, missing);
    const liveRow = new Map(missing.map((i, row) => [i, live?.whole === true ? i : row]));
    tables.forEach((table, t) => {
      const out = results[t]!;
      keys.forEach((key, i) => {
        const at = out.subarray(i * table.size, (i + 1) * table.size);
        const row = liveRow.get(i);
        if (row === undefined) table.copy(key, at);
        else {
          const values = live!.outputs[t]!.subarray(row * table.size, (row + 1) * table.size);
          at.set(values);
          if (this.#bytes() + table.entryBytes <= this.#budget) table.remember(key, values);
        }
      });
    });
    return Object.fromEntries(
      names.map((name, t) => [name, { shape: [count, ...this.#shapeOf(name)], data: results[t]! }]),
    );
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
export function memoKey(
  teacher: Pick<Teacher, 'hash'>,
  source: Pick<ImageSource, 'fingerprint'>,
  augmentation: Pick<Augmentation, 'id'>,
): string {
  const parts = [teacher.hash, source.fingerprint, augmentation.id];
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

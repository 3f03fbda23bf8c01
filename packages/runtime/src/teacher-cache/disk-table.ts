import { randomUUID } from 'node:crypto';
import { open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '@anc/core/internal';
import { diskError, withCleanUp } from '../run-folder/disk-error.js';
import { syncFile } from '../run-folder/sync-file.js';
import { fromFloat16, toFloat16 } from '@anc/formats';
import {
  encodeSegment,
  HEADER,
  isWhole,
  readHead,
  readSlots,
  rowBytes,
  rowsAt,
  sealRow,
  type SegmentHead,
} from './segment.js';

/** Size at which a segment is written. */
const SEGMENT_BYTES = 8 << 20;
/** Age in ms at which an unfinished file counts as left behind by a crash, and is removed. */
const LEFT_BEHIND = 24 * 3600 * 1000;
const ENDING = '.rows';
const UNFINISHED = '.part';

interface Segment {
  readonly path: string;
  readonly handle: FileHandle;
  readonly head: SegmentHead;
}

/**
 * Table of vectors of one length, by number, in a folder that any number of processes may read and write at once. Each
 * writer adds its own files, atomically, and no file is ever changed. Unfinished files and files with a damaged head
 * are skipped; a file with a damaged row is removed.
 */
export class DiskTable {
  readonly #segments: Segment[] = [];
  /** Paths that were looked at, whether they are usable or not. */
  readonly #seen = new Set<string>();
  /** slot -> [segment, row], as segment · 2^20 + row. */
  readonly #places = new Map<number, number>();
  #slots: number[] = [];
  #rows: Uint8Array;
  #pending = new Map<number, number>();
  #bytes = 0;

  private constructor(
    readonly folder: string,
    readonly size: number,
    readonly width: 2 | 4,
  ) {
    this.#rows = new Uint8Array(this.#capacity * this.#rowBytes);
  }

  /** Opens or creates a table. size: elements of a vector; width: bytes per element, 2 for half precision. */
  static async open(folder: string, size: number, width: 2 | 4): Promise<DiskTable> {
    await makeFolder(folder);
    const table = new DiskTable(folder, size, width);
    for (const name of (await readdir(folder)).sort()) {
      if (name.endsWith(ENDING)) await table.#add(join(folder, name));
      else if (name.endsWith(UNFINISHED)) await removeOld(join(folder, name));
    }
    return table;
  }

  /** Adds what other processes have written since then. */
  async refresh(): Promise<void> {
    for (const name of (await readdir(this.folder)).sort()) {
      const path = join(this.folder, name);
      if (name.endsWith(ENDING) && !this.#seen.has(path)) await this.#add(path);
    }
  }

  get #rowBytes(): number {
    return rowBytes(this.size, this.width);
  }

  get #capacity(): number {
    return Math.max(1, Math.min(1 << 18, Math.floor(SEGMENT_BYTES / this.#rowBytes)));
  }

  /** Bytes of the files that this table has open, and of the rows that it is about to write. */
  get bytes(): number {
    return this.#bytes + this.#slots.length * (this.#rowBytes + 8);
  }

  has(slot: number): boolean {
    return this.#places.has(slot) || this.#pending.has(slot);
  }

  /**
   * Reads the vectors of `slots`, one after the other, into `out`; adjacent rows are read at once.
   *
   * @returns positions in `slots` of damaged rows: they are not read, the table drops them, and their file is removed.
   */
  async read(slots: readonly number[], out: Float32Array): Promise<ReadonlySet<number>> {
    const wanted = slots.map((slot, i) => ({
      i,
      place: this.#places.get(slot),
      pending: this.#pending.get(slot),
    }));
    const stored: { i: number; place: number }[] = [];
    for (const { i, place, pending } of wanted) {
      if (place !== undefined) stored.push({ i, place });
      else this.#decode(this.#rowIn(this.#rows, pending!), out, i);
    }
    stored.sort((a, b) => a.place - b.place);
    const damaged = new Set<number>();
    const reads: Promise<void>[] = [];
    for (let from = 0; from < stored.length;) {
      let to = from + 1;
      while (to < stored.length && stored[to]!.place === stored[to - 1]!.place + 1) to++;
      reads.push(this.#readRun(stored.slice(from, to), out, damaged));
      from = to;
    }
    await Promise.all(reads);
    for (const i of damaged) this.#places.delete(slots[i]!);
    return damaged;
  }

  #rowIn(rows: Uint8Array, row: number): Uint8Array {
    return rows.subarray(row * this.#rowBytes, (row + 1) * this.#rowBytes);
  }

  async #readRun(
    run: readonly { i: number; place: number }[],
    out: Float32Array,
    damaged: Set<number>,
  ): Promise<void> {
    const { path, handle, head } = this.#segments[Math.floor(run[0]!.place / (1 << 20))]!;
    const row = run[0]!.place % (1 << 20);
    const bytes = new Uint8Array(run.length * this.#rowBytes);
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, rowsAt(head) + row * this.#rowBytes);
    if (bytesRead !== bytes.length) throw new Error(`${this.folder}: a file became shorter while in use`);
    run.forEach(({ i }, k) => {
      const stored = this.#rowIn(bytes, k);
      if (isWhole(stored)) this.#decode(stored, out, i);
      else damaged.add(i);
    });
    if (run.some(({ i }) => damaged.has(i))) await rm(path, { force: true }).catch(() => undefined);
  }

  #decode(bytes: Uint8Array, out: Float32Array, i: number): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, this.size * this.width);
    for (let c = 0; c < this.size; c++) {
      out[i * this.size + c] =
        this.width === 4 ? view.getFloat32(4 * c, true) : fromFloat16(view.getUint16(2 * c, true));
    }
  }

  /** Adds a vector; it is on disk after the next `flush`, or when a segment is full. */
  async add(slot: number, values: Float32Array): Promise<void> {
    if (this.has(slot)) return;
    const row = this.#slots.length;
    const bytes = this.#rowIn(this.#rows, row);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let c = 0; c < this.size; c++) {
      if (this.width === 4) view.setFloat32(4 * c, values[c]!, true);
      else view.setUint16(2 * c, toFloat16(values[c]!), true);
    }
    sealRow(bytes);
    this.#slots.push(slot);
    this.#pending.set(slot, row);
    if (this.#slots.length === this.#capacity) await this.flush();
  }

  /** Writes the rows added since the last flush as one file: to a temporary name, synced, then renamed. */
  async flush(): Promise<void> {
    if (this.#slots.length === 0) return;
    const rows = this.#rows.subarray(0, this.#slots.length * this.#rowBytes);
    const bytes = encodeSegment(Float64Array.from(this.#slots), rows, this.size, this.width); // a copy
    this.#slots = [];
    this.#pending = new Map();
    const path = join(this.folder, `${randomUUID()}${ENDING}`);
    try {
      const file = await open(`${path}${UNFINISHED}`, 'wx');
      try {
        await file.writeFile(bytes);
        await syncFile(file);
      } finally {
        await file.close();
      }
      await rename(`${path}${UNFINISHED}`, path);
      await this.#add(path);
    } catch (error) {
      await rm(`${path}${UNFINISHED}`, { force: true }).catch(() => undefined);
      throw await diskError(path, bytes.length, error);
    }
  }

  /** Flushes and closes the files. */
  async close(): Promise<void> {
    await withCleanUp(
      () => this.flush(),
      async () => {
        await Promise.all(this.#segments.map(({ handle }) => handle.close()));
        this.#segments.length = 0;
        this.#seen.clear();
        this.#places.clear();
      },
    );
  }

  /** Opens a file if it is complete and has rows of this table's size. */
  async #add(path: string): Promise<void> {
    this.#seen.add(path);
    const handle = await open(path).catch(() => null);
    if (handle === null) return;
    const { size } = await handle.stat();
    const start = new Uint8Array(HEADER);
    const { bytesRead } = await handle.read(start, 0, HEADER, 0);
    const head = readHead(start.subarray(0, bytesRead), size);
    let slots: Float64Array | null = null;
    if (head !== null && head.size === this.size && head.width === this.width) {
      const bytes = new Uint8Array(8 * head.count);
      await handle.read(bytes, 0, bytes.length, HEADER);
      slots = readSlots(head, bytes);
    }
    if (head === null || slots === null) {
      await handle.close();
      return;
    }
    const segment = this.#segments.push({ path, handle, head }) - 1;
    slots.forEach((slot, row) => this.#places.set(slot, segment * (1 << 20) + row));
    this.#bytes += size;
  }
}

async function removeOld(path: string): Promise<void> {
  const modified = await stat(path).then(({ mtimeMs }) => mtimeMs, () => Infinity); // prettier-ignore
  if (Date.now() - modified > LEFT_BEHIND) await rm(path, { force: true });
}

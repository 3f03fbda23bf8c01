import { open, type FileHandle } from 'node:fs/promises';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { AncError, isAncError } from '@anc/core';
import type { AsyncBuffer, Compressors, FileMetaData } from 'hyparquet';
import { corrupt } from '../files/data-error.js';
import { assertRegularFile } from '../files/regular-file.js';
import { unreadable } from '../files/verified-file.js';
import { checkPages, layoutOf } from './check-pages.js';
import { walkThrift } from './thrift.js';

/** Largest size in bytes of a page, of a column of a row group, and of all metadata. Larger ones count as damaged. */
const MOST_BYTES = 2 ** 30;
const MOST_METADATA = 2 ** 26;
/** Largest number of rows of a group; writers make groups of thousands. */
const MOST_ROWS = 2 ** 22;

const within = (file: string, what: string, bytes: number, most: number): void => {
  if (Number.isSafeInteger(bytes) && bytes >= 0 && bytes <= most) return;
  throw corrupt(file, `${what} of a wrong size`, `0 to ${most} bytes`, `${bytes}`);
};

/** The library is loaded when a file is opened: few programs read Parquet. */
const hyparquet = () => import('hyparquet');

/** A Parquet shard, read by row groups. */
export class ParquetFile {
  readonly rows: number;

  private constructor(
    readonly path: string,
    readonly metadata: FileMetaData,
    /** First row of each row group, and the number of all rows. */
    readonly starts: readonly number[],
  ) {
    this.rows = starts.at(-1)!;
  }

  /**
   * Reads the metadata of a shard.
   *
   * @throws `ANC_DATA_MISSING`, `ANC_DATA_CORRUPT`.
   */
  static async open(path: string): Promise<ParquetFile> {
    return await withFile(path, async (buffer) => {
      const tail = new DataView(await buffer.slice(Math.max(0, buffer.byteLength - 8)));
      const magic = tail.byteLength < 8 ? 0 : tail.getUint32(4, true);
      if (magic !== 0x31524150)
        throw corrupt(path, 'not a complete Parquet file', 'PAR1 at its end', 'something else');
      within(path, 'metadata', tail.getUint32(0, true), Math.min(MOST_METADATA, buffer.byteLength - 8));
      const length = tail.getUint32(0, true);
      const end = buffer.byteLength - 8;
      walkThrift(new Uint8Array(await buffer.slice(end - length, end)), 0);
      const { parquetMetadataAsync } = await hyparquet();
      const metadata = await parquetMetadataAsync(buffer);
      const starts = [0];
      for (const { num_rows: rows, columns } of metadata.row_groups) {
        const paths = columns.map(({ meta_data: column }) => column?.path_in_schema.join('/'));
        if (new Set(paths).size < paths.length)
          throw corrupt(path, 'a column twice in a row group', 'each column once', paths.join(', '));
        for (const { meta_data: column } of columns) {
          within(path, 'a column', Number(column?.total_uncompressed_size ?? 0n), MOST_BYTES);
          within(path, 'a column', Number(column?.total_compressed_size ?? 0n), buffer.byteLength);
          within(path, 'a column’s values', Number(column?.num_values ?? 0n), MOST_ROWS);
        }
        within(path, 'a row group', Number(rows), MOST_ROWS);
        starts.push(starts.at(-1)! + Number(rows));
      }
      // An image takes a byte at least, and each row is held in memory.
      within(path, 'all rows', starts.at(-1)!, buffer.byteLength);
      return new ParquetFile(path, metadata, starts);
    });
  }

  /** Index of the group that has a row. */
  groupOf(row: number): number {
    let [low, high] = [0, this.starts.length - 2];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.starts[middle]! <= row) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Reads the columns' pages once, checks their headers, and serves them to the reader from memory. */
  async #checkedColumns(
    buffer: AsyncBuffer,
    group: number,
    names: readonly string[],
    unpacking: Compressors,
  ): Promise<AsyncBuffer> {
    const parts: { start: number; bytes: ArrayBuffer }[] = [];
    for (const column of this.metadata.row_groups[group]!.columns) {
      if (!names.includes(column.meta_data?.path_in_schema[0] ?? '')) continue;
      const { start, end } = placeOf(column);
      within(this.path, 'a column', end, buffer.byteLength);
      const bytes = await buffer.slice(start, end);
      const layout = layoutOf(this.metadata, column.meta_data);
      checkPages(new Uint8Array(bytes), layout, MOST_BYTES, unpacking);
      parts.push({ start, bytes });
    }
    return {
      byteLength: buffer.byteLength,
      slice(from, to = buffer.byteLength) {
        const part = parts.find(({ start, bytes }) => from >= start && to <= start + bytes.byteLength);
        return part === undefined
          ? buffer.slice(from, to)
          : part.bytes.slice(from - part.start, to - part.start);
      },
    };
  }

  /**
   * Some columns of the rows of a group.
   *
   * @throws `ANC_DATA_*`.
   */
  async readGroup(group: number, columns: readonly string[]): Promise<Record<string, unknown>[]> {
    const [rowStart, rowEnd] = [this.starts[group]!, this.starts[group + 1]!];
    return await withFile(this.path, async (buffer) => {
      const { parquetReadObjects, snappyUncompress } = await hyparquet();
      const unpacking = compressors(this.path, snappyUncompress);
      const file = await this.#checkedColumns(buffer, group, columns, unpacking);
      const rows = await parquetReadObjects({
        file,
        metadata: this.metadata,
        columns: [...columns],
        rowStart,
        rowEnd,
        utf8: false,
        compressors: unpacking,
      });
      if (rows.length === rowEnd - rowStart) return rows;
      throw corrupt(this.path, 'a row group is cut short', `${rowEnd - rowStart} rows`, `${rows.length}`);
    });
  }
}

/** Offsets at which a column's pages begin and end in the file. */
function placeOf({ meta_data: column }: FileMetaData['row_groups'][number]['columns'][number]) {
  const data = Number(column?.data_page_offset ?? 0n);
  const dictionary = Number(column?.dictionary_page_offset ?? 0n);
  const start = dictionary > 0 && dictionary < data ? dictionary : data;
  return { start, end: start + Number(column?.total_compressed_size ?? 0n) };
}

/** Decompressors that never unpack more than a page's header states. */
function compressors(
  path: string,
  snappyUncompress: (packed: Uint8Array, page: Uint8Array) => unknown,
): Compressors {
  const bounded =
    (unpack: (packed: Uint8Array, size: number) => Uint8Array) =>
    (packed: Uint8Array, size: number): Uint8Array => {
      within(path, 'a page', size, MOST_BYTES);
      return unpack(packed, size);
    };
  return {
    SNAPPY: bounded((packed, size) => {
      // Snappy expands a byte to at most 64.
      within(path, 'a page', size, 64 * packed.length + 64);
      const page = new Uint8Array(size);
      snappyUncompress(packed, page);
      return page;
    }),
    GZIP: bounded((packed, size) => gunzipSync(packed, { maxOutputLength: Math.max(1, size) })),
    BROTLI: bounded((packed, size) => brotliDecompressSync(packed, { maxOutputLength: Math.max(1, size) })),
  };
}

/** Opens a file for the reader. Errors of the reader mean that the file is damaged. */
async function withFile<T>(path: string, work: (buffer: AsyncBuffer) => Promise<T>): Promise<T> {
  let handle: FileHandle | null = null;
  await assertRegularFile(path).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  try {
    handle = await open(path);
    const { size } = await handle.stat();
    return await work(asBuffer(path, handle, size));
  } catch (cause) {
    if (isAncError(cause)) throw cause;
    if ((cause as NodeJS.ErrnoException).syscall !== undefined) throw unreadable(path, cause);
    throw new AncError('ANC_DATA_CORRUPT', `${path}: not a readable Parquet file.`, {
      expected: 'a complete Parquet file, uncompressed or compressed by snappy, gzip or brotli',
      received: cause instanceof Error ? cause.message : String(cause),
      hint: 'get the file again, or point --data-dir at an undamaged copy.',
      cause,
    });
  } finally {
    await handle?.close();
  }
}

const asBuffer = (path: string, handle: FileHandle, size: number): AsyncBuffer => ({
  byteLength: size,
  slice(start, end = size) {
    const part = partOf(path, handle, size, start, end);
    part.catch(() => undefined); // the reader prefetches parts for which it does not wait after another one failed
    return part;
  },
});

async function partOf(
  path: string,
  handle: FileHandle,
  size: number,
  start: number,
  end: number,
): Promise<ArrayBuffer> {
  const [from, to] = [start < 0 ? size + start : start, Math.min(end, size)];
  within(path, 'a part', to - from, MOST_BYTES);
  const bytes = new Uint8Array(to - from);
  const { bytesRead } = await handle.read(bytes, 0, bytes.length, from);
  return bytes.buffer.slice(0, bytesRead);
}

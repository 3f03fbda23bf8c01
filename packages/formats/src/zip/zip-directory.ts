import type { ByteSource, ReusableBuffer } from '../bytes/byte-source.js';
import type { Damaged } from '../bytes/damaged.js';

/*
 * The directory of an uncompressed zip archive, so that each file can be read on demand: zip libraries need the whole
 * archive in memory, or deliver its files as streams.
 */

/** A file in the archive. */
export interface ZipEntry {
  readonly size: number;
  /** Reads the bytes of this file from `begin` up to, but not including, `end`. Throws if it ends before. */
  read(begin: number, end: number, reuse?: ReusableBuffer): Uint8Array<ArrayBuffer>;
  /**
   * Reads the whole file and verifies its checksum. For archives of Python's `zipfile`, which always writes one;
   * `torch.save` has a setting that leaves it out. Not verified in browsers, which have no CRC-32 of their own.
   */
  checked(): Uint8Array<ArrayBuffer>;
}

const crc32 =
  typeof process !== 'undefined' && typeof process.getBuiltinModule === 'function'
    ? process.getBuiltinModule('node:zlib').crc32
    : null;

/** The first bytes of an archive that is not empty. */
export const ZIP_START = [0x50, 0x4b, 0x03, 0x04];
/** Length of the header before the name of a file. */
export const LOCAL_LENGTH = 30;

const decoder = new TextDecoder();

const END = 0x06054b50;
const END_LENGTH = 22;
const COMMENT_LIMIT = 0xffff;
const LOCATOR = 0x07064b50;
const LOCATOR_LENGTH = 20;
const END_64 = 0x06064b50;
const END_64_LENGTH = 56;
const ENTRY = 0x02014b50;
const ENTRY_LENGTH = 46;
const LOCAL = 0x04034b50;
const WIDE = 0xffffffff;

const viewOf = (source: ByteSource, begin: number, length: number, damaged: Damaged): DataView => {
  if (begin < 0 || begin + length > source.length) throw damaged('a part of it lies outside of the file');
  return new DataView(source.read(begin, begin + length).buffer);
};

/**
 * The files of a zip archive by name. No size from the archive is used for an allocation before it was checked against
 * the archive's length.
 * @throws what `failure` makes, if the archive is damaged or a file is compressed (PyTorch and Keras compress none)
 */
export function zipEntries(source: ByteSource, failure: Damaged): Map<string, ZipEntry> {
  const damaged = damagedArchive(failure);
  const entries = new Map<string, ZipEntry>();
  for (const record of records(source, damaged)) {
    if (record.compressed) throw failure(`its file ${record.name} is compressed`);
    entries.set(record.name, entryAt(source, record, damaged));
  }
  return entries;
}

/** Names of the files in a zip archive, compressed or not. Throws what `failure` makes, if the archive is damaged. */
export const zipNames = (source: ByteSource, failure: Damaged): string[] =>
  [...records(source, damagedArchive(failure))].map(({ name }) => name);

const damagedArchive =
  (failure: Damaged): Damaged =>
  (why) =>
    failure(`its zip archive is damaged: ${why}`);

/** An entry of the directory. */
interface Entry {
  readonly name: string;
  readonly compressed: boolean;
  /** Where its header is. */
  readonly local: number;
  readonly size: number;
  readonly checksum: number;
}

function* records(source: ByteSource, damaged: Damaged): Generator<Entry> {
  const { begin, size, count } = directory(source, damaged);
  const view = viewOf(source, begin, size, damaged);
  for (let i = 0, at = 0; i < count; i++) {
    if (at + ENTRY_LENGTH > size || view.getUint32(at, true) !== ENTRY)
      throw damaged('its directory is cut short');
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((field) =>
      view.getUint16(at + field, true),
    ) as [number, number, number];
    const names = at + ENTRY_LENGTH;
    const next = names + nameLength + extraLength + commentLength;
    if (next > size) throw damaged('its directory is cut short');
    const name = decoder.decode(new Uint8Array(view.buffer, names, nameLength));
    const wide = wideFields(view, names + nameLength, extraLength, damaged);
    const field = (offset: number): number => {
      const value = view.getUint32(at + offset, true);
      return value === WIDE ? wide() : value;
    };
    const original = field(24); // in the order of the 64-bit fields
    const stored = field(20);
    const local = field(42);
    const compressed = view.getUint16(at + 10, true) !== 0 || original !== stored;
    yield { name, compressed, local, size: stored, checksum: view.getUint32(at + 16, true) };
    at = next;
  }
}

function entryAt(source: ByteSource, { name, local, size, checksum }: Entry, damaged: Damaged): ZipEntry {
  let data: number | null = null;
  /** Where the data start. The local header has its own extra fields, with which PyTorch aligns the data. */
  const start = (): number => {
    const view = viewOf(source, local, LOCAL_LENGTH, damaged);
    if (view.getUint32(0, true) !== LOCAL) throw damaged(`${name} is not where its directory says`);
    return local + LOCAL_LENGTH + view.getUint16(26, true) + view.getUint16(28, true);
  };
  const read = (begin: number, end: number, reuse?: ReusableBuffer): Uint8Array<ArrayBuffer> => {
    data ??= start();
    if (begin < 0 || end > size || data + end > source.length) throw damaged(`${name} is cut short`);
    return source.read(data + begin, data + end, reuse);
  };
  return {
    size,
    read,
    checked() {
      const bytes = read(0, size);
      if (crc32 !== null && crc32(bytes) !== checksum) throw damaged(`${name} does not match its checksum`);
      return bytes;
    },
  };
}

/** Reads 64-bit values one after the other, for fields that do not fit into 32 bits. */
function wideFields(view: DataView, begin: number, length: number, damaged: Damaged): () => number {
  let at = begin;
  let end = begin + length;
  while (at + 4 <= end && view.getUint16(at, true) !== 1) at += 4 + view.getUint16(at + 2, true);
  if (at + 4 <= end) end = Math.min(end, at + 4 + view.getUint16(at + 2, true));
  at += 4;
  return () => {
    if (at + 8 > end) throw damaged('a 64-bit size is missing');
    at += 8;
    return safe(view.getBigUint64(at - 8, true), damaged);
  };
}

/** The place of the directory, from the record at the end of the file. */
function directory(source: ByteSource, damaged: Damaged): { begin: number; size: number; count: number } {
  const tail = Math.min(source.length, END_LENGTH + COMMENT_LIMIT);
  const view = viewOf(source, source.length - tail, tail, damaged);
  let at = tail - END_LENGTH;
  while (at >= 0 && view.getUint32(at, true) !== END) at--;
  if (at < 0) throw damaged('it has no end');
  const locator = source.length - tail + at - LOCATOR_LENGTH;
  if (locator >= 0) {
    const place = viewOf(source, locator, LOCATOR_LENGTH, damaged);
    if (place.getUint32(0, true) === LOCATOR) {
      const wide = viewOf(source, safe(place.getBigUint64(8, true), damaged), END_64_LENGTH, damaged);
      if (wide.getUint32(0, true) !== END_64) throw damaged('its end is not where it says');
      const [count, size, begin] = [32, 40, 48].map((field) =>
        safe(wide.getBigUint64(field, true), damaged),
      ) as [number, number, number];
      return { begin, size, count };
    }
  }
  return {
    count: view.getUint16(at + 10, true),
    size: view.getUint32(at + 12, true),
    begin: view.getUint32(at + 16, true),
  };
}

function safe(value: bigint, damaged: Damaged): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw damaged(`it claims a size of ${value}`);
  return Number(value);
}

import type { AncError, ByteSource, ReusableBuffer } from '@anc/core';

/*
 * Where the files of an uncompressed zip archive lie, so that each is read when it is wanted: libraries for zip
 * want the whole archive in memory, or hand out its files in streams of their own.
 */

/** What is thrown of an archive that is not whole. */
export type Damaged = (why: string) => AncError;

/** A file in the archive. */
export interface ZipEntry {
  readonly size: number;
  /** The archive's bytes from `begin` to before `end` of this file. Throws what `Damaged` makes where it ends before. */
  read(begin: number, end: number, lent?: ReusableBuffer): Uint8Array<ArrayBuffer>;
  /**
   * The whole file, compared with its checksum: for archives of Python's `zipfile`, which always has one. `torch.save`
   * can be told to leave it out. In browsers, which have no CRC-32 of their own, it is not compared.
   */
  checked(): Uint8Array<ArrayBuffer>;
}

const crc32 =
  typeof process !== 'undefined' && typeof process.getBuiltinModule === 'function'
    ? process.getBuiltinModule('node:zlib').crc32
    : null;

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
const LOCAL_LENGTH = 30;
const WIDE = 0xffffffff;

const viewOf = (source: ByteSource, begin: number, length: number, damaged: Damaged): DataView => {
  if (begin < 0 || begin + length > source.length) throw damaged('a part of it lies outside of the file');
  return new DataView(source.read(begin, begin + length).buffer);
};

/**
 * The files of a zip archive by name. Throws what `said` makes where it is damaged or a file is compressed: neither
 * PyTorch nor Keras compresses any. Nothing is allocated by a number that was not checked against the archive's length.
 */
export function zipEntries(source: ByteSource, said: Damaged): Map<string, ZipEntry> {
  const damaged: Damaged = (why) => said(`its zip archive is damaged: ${why}`);
  const { begin, size, count } = directory(source, damaged);
  const view = viewOf(source, begin, size, damaged);
  const entries = new Map<string, ZipEntry>();
  for (let i = 0, at = 0; i < count; i++) {
    if (at + ENTRY_LENGTH > size || view.getUint32(at, true) !== ENTRY)
      throw damaged('its directory is cut short');
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((field) =>
      view.getUint16(at + field, true),
    ) as [number, number, number];
    const names = at + ENTRY_LENGTH;
    const next = names + nameLength + extraLength + commentLength;
    if (next > size) throw damaged('its directory is cut short');
    const name = new TextDecoder().decode(new Uint8Array(view.buffer, names, nameLength));
    const wide = wideFields(view, names + nameLength, extraLength, damaged);
    const field = (offset: number): number => {
      const value = view.getUint32(at + offset, true);
      return value === WIDE ? wide() : value;
    };
    const original = field(24); // in the order in which the wide fields stand
    const stored = field(20);
    const local = field(42);
    if (view.getUint16(at + 10, true) !== 0 || original !== stored) {
      throw said(`its file ${name} is compressed`);
    }
    const checksum = view.getUint32(at + 16, true);
    entries.set(name, entryAt(source, { name, local, size: stored, checksum }, damaged));
    at = next;
  }
  return entries;
}

function entryAt(
  source: ByteSource,
  { name, local, size, checksum }: { name: string; local: number; size: number; checksum: number },
  damaged: Damaged,
): ZipEntry {
  let data: number | null = null;
  /** The local header has extra fields of its own, by which PyTorch aligns the data. */
  const start = (): number => {
    const view = viewOf(source, local, LOCAL_LENGTH, damaged);
    if (view.getUint32(0, true) !== LOCAL) throw damaged(`${name} is not where its directory says`);
    return local + LOCAL_LENGTH + view.getUint16(26, true) + view.getUint16(28, true);
  };
  const read = (begin: number, end: number, lent?: ReusableBuffer): Uint8Array<ArrayBuffer> => {
    data ??= start();
    if (begin < 0 || end > size || data + end > source.length) throw damaged(`${name} is cut short`);
    return source.read(data + begin, data + end, lent);
  };
  return {
    size,
    read,
    checked() {
      const bytes = read(0, size);
      if (crc32 !== null && crc32(bytes) !== checksum) throw damaged(`${name} is not what its checksum says`);
      return bytes;
    },
  };
}

/** Numbers of eight bytes, for those that do not fit into four, one after the other. */
function wideFields(view: DataView, begin: number, length: number, damaged: Damaged): () => number {
  let at = begin;
  let end = begin + length;
  while (at + 4 <= end && view.getUint16(at, true) !== 1) at += 4 + view.getUint16(at + 2, true);
  if (at + 4 <= end) end = Math.min(end, at + 4 + view.getUint16(at + 2, true));
  at += 4;
  return () => {
    if (at + 8 > end) throw damaged('a size of eight bytes is missing');
    at += 8;
    return safe(view.getBigUint64(at - 8, true), damaged);
  };
}

/** Where the directory lies, from the record at the end of the file. */
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

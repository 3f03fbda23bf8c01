import { open, type FileHandle } from 'node:fs/promises';
import { isAncError } from '@anc/core';
import { corrupt } from '../files/data-error.js';
import { assertRegularFile } from '../files/regular-file.js';
import { unreadable } from '../files/verified-file.js';
import { BLOCK, parseTarHeader } from './tar-header.js';

/** A file inside an archive: offset and size of its bytes. */
export interface TarEntry {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
}

/** Largest length of a long name in bytes. */
const LONGEST_NAME = 1 << 16;

/**
 * Lists the files of a tar archive, or of one inside another (`offset`, `size`), by their headers alone. Nothing is
 * unpacked, and names are never used as paths.
 *
 * @throws `ANC_DATA_CORRUPT` if a header is damaged or a file extends beyond the end.
 */
export async function* tarEntries(
  path: string,
  handle: FileHandle,
  offset: number,
  size: number,
): AsyncGenerator<TarEntry, void, undefined> {
  const end = offset + size;
  const read = async (at: number, length: number): Promise<Uint8Array> => {
    const bytes = new Uint8Array(Math.min(length, Math.max(0, end - at)));
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, at);
    return bytes.subarray(0, bytesRead);
  };
  let longName: string | null = null;
  for (let at = offset; at < end;) {
    const header = parseTarHeader(path, await read(at, BLOCK), at);
    if (header === null) return;
    const start = at + BLOCK;
    if (header.size > end - start) {
      throw corrupt(path, 'cut short', `${header.size} bytes of ${header.name}`, `${end - start} bytes`);
    }
    if (header.type === 'L' || header.type === 'x') {
      if (header.size > LONGEST_NAME) {
        throw corrupt(path, 'a damaged name', `at most ${LONGEST_NAME} bytes`, `${header.size}`);
      }
      longName = nameIn(header.type, await read(start, header.size)) ?? longName;
    } else {
      if (header.type === '0') yield { name: longName ?? header.name, offset: start, size: header.size };
      longName = null;
    }
    at = start + Math.ceil(header.size / BLOCK) * BLOCK;
  }
}

/** Reads a long name. GNU: the name itself; POSIX: lines of `<length> path=<name>`. */
function nameIn(type: string, bytes: Uint8Array): string | null {
  const text = Buffer.from(bytes).toString('utf8');
  if (type === 'L') return text.replace(/\0.*$/s, '');
  return /^\d+ path=(.*)$/m.exec(text)?.[1] ?? null;
}

/**
 * Opens an archive for `work` and closes it afterwards.
 *
 * @throws `ANC_DATA_MISSING` if it cannot be read.
 */
export async function withTarFile<T>(
  path: string,
  work: (handle: FileHandle, size: number) => Promise<T>,
): Promise<T> {
  let handle: FileHandle | null = null;
  try {
    await assertRegularFile(path);
    handle = await open(path);
    const { size } = await handle.stat();
    return await work(handle, size);
  } catch (cause) {
    throw isAncError(cause) ? cause : unreadable(path, cause);
  } finally {
    await handle?.close();
  }
}

import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { isAncError } from '@anc/core';
import { extract } from 'tar-stream';
import { corrupt } from './data-error.js';
import { unreadable } from './verified-file.js';

/**
 * Reads files out of a .tar.gz by their base names, into memory; nothing is unpacked to the disk, so no
 * name in the archive can reach outside. `wanted` gives the largest size that each may have.
 *
 * Throws `ANC_DATA_CORRUPT` where the archive is cut, damaged, holds a wanted file twice or larger, unpacks to
 * more than twice what is wanted, or lacks one.
 */
export async function readTarGz(
  path: string,
  wanted: ReadonlyMap<string, number>,
): Promise<Map<string, Uint8Array>> {
  const found = new Map<string, Uint8Array>();
  const limit = 2 * [...wanted.values()].reduce((a, b) => a + b, 1 << 20);
  let unpacked = 0;
  const reader = extract();
  const read = async (): Promise<void> => {
    for await (const entry of reader) {
      const { name, type } = entry.header;
      const key = basename(name);
      const room = type === 'file' ? wanted.get(key) : undefined;
      if (room !== undefined && (found.has(key) || entry.header.size > room)) {
        const received = found.has(key) ? 'two files of that name' : `${entry.header.size} bytes`;
        throw corrupt(
          path,
          `${key} in the archive is not as it should be`,
          `one file of at most ${room} bytes`,
          received,
        );
      }
      const parts: Buffer[] = [];
      for await (const part of entry as AsyncIterable<Buffer>) {
        unpacked += part.length;
        if (unpacked > limit)
          throw corrupt(path, 'unpacks to more than it should', `at most ${limit} bytes`, 'more');
        if (room !== undefined) parts.push(part);
      }
      if (room !== undefined) found.set(key, Buffer.concat(parts));
    }
  };
  const file = createReadStream(path);
  try {
    await Promise.all([pipeline(file, createGunzip(), reader), read()]);
  } catch (cause) {
    if (isAncError(cause)) throw cause;
    const error = cause as NodeJS.ErrnoException;
    if (error.syscall !== undefined) throw unreadable(path, cause);
    throw corrupt(path, 'not a whole .tar.gz archive', 'a complete archive', error.message);
  } finally {
    file.destroy();
  }
  const absent = [...wanted.keys()].filter((name) => !found.has(name));
  if (absent.length > 0) {
    throw corrupt(
      path,
      'files are missing in the archive',
      [...wanted.keys()].join(', '),
      `no ${absent.join(', ')}`,
    );
  }
  return found;
}

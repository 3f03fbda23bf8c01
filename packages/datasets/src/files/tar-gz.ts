import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { isAncError } from '@anc/core';
import { corrupt } from './data-error.js';
import { assertRegularFile } from './regular-file.js';
import { unreadable } from './verified-file.js';

/**
 * Reads files of a .tar.gz archive into memory, by their base names. Nothing is unpacked to disk, so names in the
 * archive cannot point outside of a folder.
 *
 * @param wanted names of the files, and the largest size that each may have.
 * @throws `ANC_DATA_CORRUPT` if the archive is cut short or damaged, lacks a wanted file, has it twice or larger, or
 *   unpacks to more than twice the wanted sizes.
 */
export async function readTarGz(
  path: string,
  wanted: ReadonlyMap<string, number>,
): Promise<Map<string, Uint8Array>> {
  await assertRegularFile(path).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  const found = new Map<string, Uint8Array>();
  const limit = 2 * [...wanted.values()].reduce((a, b) => a + b, 1 << 20);
  let unpacked = 0;
  const { extract } = await import('tar-stream'); // few programs read archives
  const reader = extract();
  const read = async (): Promise<void> => {
    for await (const entry of reader) {
      const { name, type } = entry.header;
      const key = basename(name);
      const sizeLimit = type === 'file' ? wanted.get(key) : undefined;
      if (sizeLimit !== undefined && (found.has(key) || entry.header.size > sizeLimit)) {
        const received = found.has(key) ? 'two files of that name' : `${entry.header.size} bytes`;
        throw corrupt(
          path,
          `${key} in the archive is not as expected`,
          `one file of at most ${sizeLimit} bytes`,
          received,
        );
      }
      const parts: Buffer[] = [];
      for await (const part of entry as AsyncIterable<Buffer>) {
        unpacked += part.length;
        if (unpacked > limit)
          throw corrupt(path, 'unpacks to more than expected', `at most ${limit} bytes`, 'more');
        if (sizeLimit !== undefined) parts.push(part);
      }
      if (sizeLimit !== undefined) found.set(key, Buffer.concat(parts));
    }
  };
  const file = createReadStream(path);
  try {
    await Promise.all([pipeline(file, createGunzip(), reader), read()]);
  } catch (cause) {
    if (isAncError(cause)) throw cause;
    const error = cause as NodeJS.ErrnoException;
    if (error.syscall !== undefined) throw unreadable(path, cause);
    throw corrupt(path, 'not a complete .tar.gz archive', 'a complete archive', error.message);
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

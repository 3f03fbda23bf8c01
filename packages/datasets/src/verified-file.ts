import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { AncError } from '@anc/core';
import { corrupt } from './data-error.js';

const inflate = promisify(gunzip);
/** Bytes unpacked per turn of the thread pool: the default of 16 KiB spends its time on turns. */
const CHUNK = 1 << 20;

/** A file that cannot be opened or read: names it and the reason. */
export function unreadable(path: string, cause: unknown): AncError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new AncError('ANC_DATA_MISSING', `${path}: cannot be read.`, {
    received: reason,
    hint: 'check the path and its permissions.',
    cause,
  });
}

/** Reads a whole file and checks its MD5 where one is known. Throws `ANC_DATA_MISSING`, `ANC_DATA_CORRUPT`. */
export async function readVerified(path: string, md5: string | null): Promise<Uint8Array> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  if (md5 !== null) {
    const received = createHash('md5').update(bytes).digest('hex');
    if (received !== md5) {
      throw corrupt(path, 'wrong checksum', `MD5 ${md5}`, `MD5 ${received} (${bytes.length} bytes)`);
    }
  }
  return bytes;
}

/** Checks a file's MD5 as a stream, without holding it. Throws `ANC_DATA_MISSING`, `ANC_DATA_CORRUPT`. */
export async function verifyFile(path: string, md5: string | null): Promise<void> {
  if (md5 === null) return;
  const hash = createHash('md5');
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  } catch (cause) {
    throw unreadable(path, cause);
  }
  const received = hash.digest('hex');
  if (received !== md5) throw corrupt(path, 'wrong checksum', `MD5 ${md5}`, `MD5 ${received}`);
}

/**
 * Unpacks gzip bytes, at most `limit` of them, so that a damaged or hostile file cannot fill the memory.
 * Throws `ANC_DATA_CORRUPT` where the stream is cut, damaged or longer.
 */
export async function gunzipped(file: string, packed: Uint8Array, limit: number): Promise<Uint8Array> {
  try {
    return await inflate(packed, { maxOutputLength: limit, chunkSize: CHUNK });
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    const reason = cause instanceof Error ? cause.message : String(cause);
    if (code === 'ERR_BUFFER_TOO_LARGE') {
      throw corrupt(file, 'unpacks to more than it should', `at most ${limit} bytes`, 'more');
    }
    throw corrupt(file, 'not a whole gzip file', 'a complete gzip stream', reason);
  }
}

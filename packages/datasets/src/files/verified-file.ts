import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { AncError, isAncError } from '@anc/core';
import { corrupt } from './data-error.js';
import { fileState, rememberVerified, wasVerified } from './verification-log.js';

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

/**
 * Reads a whole file and checks its MD5 where one is known, unless this very file was checked before.
 * Throws `ANC_DATA_MISSING`, `ANC_DATA_CORRUPT`.
 */
export async function readVerified(path: string, md5: string | null): Promise<Uint8Array> {
  try {
    const state = await fileState(path); // before reading: a change meanwhile makes it another file
    const bytes = await readFile(path);
    if (md5 === null || (await wasVerified(state, md5))) return bytes;
    assertSum(path, md5, createHash('md5').update(bytes).digest('hex'), bytes.length);
    await rememberVerified(state, md5);
    return bytes;
  } catch (cause) {
    throw isAncError(cause) ? cause : unreadable(path, cause);
  }
}

/** Like `readVerified`, as a stream: nothing is held. */
export async function verifyFile(path: string, md5: string | null): Promise<void> {
  if (md5 === null) return;
  try {
    const state = await fileState(path);
    if (await wasVerified(state, md5)) return;
    assertSum(path, md5, await md5Of(path), state.size);
    await rememberVerified(state, md5);
  } catch (cause) {
    throw isAncError(cause) ? cause : unreadable(path, cause);
  }
}

/** MD5 of a file, read as a stream. */
export async function md5Of(path: string): Promise<string> {
  const hash = createHash('md5');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

function assertSum(path: string, expected: string, received: string, size: number): void {
  if (received === expected) return;
  throw corrupt(path, 'wrong checksum', `MD5 ${expected}`, `MD5 ${received} (${size} bytes)`);
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

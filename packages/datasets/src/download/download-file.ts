import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AncError, isAncError } from '@anc/core';

/** A file to fetch: the same bytes at every address, checked by MD5. */
export interface RemoteFile {
  readonly urls: readonly string[];
  readonly md5: string;
  /** More than this is not taken, whatever the server says. */
  readonly mostBytes: number;
}

export interface DownloadOptions {
  /** Bytes on disk so far, and in all where the server says. */
  readonly progress?: (received: number, total: number | null) => void;
  readonly signal?: AbortSignal;
  /** Tries over all addresses together; default 5. */
  readonly attempts?: number;
  /** A connection that brings nothing for so long is given up, ms; default 30,000. */
  readonly stall?: number;
  /** Pause before the second try, ms, doubled for each further one; default 500. */
  readonly pause?: number;
}

/**
 * Fetches a file to `path`: goes on where a cut connection stopped (HTTP ranges), turns to the next address
 * after a failure, and renames the file into place only once its checksum is right. Until then the bytes
 * are in `path.part`, which nothing reads.
 *
 * Throws `ANC_DATA_CORRUPT` where every address gives other bytes, `ANC_DATA_DISK` where the disk does not take
 * them, else `ANC_DATA_DOWNLOAD` saying which file to put where. The signal's own reason where aborted.
 */
export async function downloadFile(
  file: RemoteFile,
  path: string,
  options: DownloadOptions = {},
): Promise<void> {
  const { attempts = 5, pause = 500, signal } = options;
  const part = `${path}.part`;
  const failures: string[] = [];
  let wrong: string | null = null;
  await mkdir(dirname(path), { recursive: true }).catch((cause: unknown) => {
    throw diskError(dirname(path), cause);
  });
  for (let attempt = 0; attempt < attempts; attempt++) {
    if (attempt > 0) await sleep(pause * 2 ** (attempt - 1), undefined, { signal: signal });
    const url = file.urls[attempt % file.urls.length]!;
    try {
      await fetchPart(file, url, part, options);
      const received = await md5Of(part);
      if (received === file.md5) {
        await rename(part, path);
        return;
      }
      wrong = received;
      await rm(part, { force: true });
      failures.push(`${url}: wrong checksum`);
    } catch (error) {
      signal?.throwIfAborted();
      if (isAncError(error)) throw error;
      failures.push(`${url}: ${reasonOf(error)}`);
    }
  }
  const detail = {
    expected: `MD5 ${file.md5}`,
    received: wrong === null ? failures.join('; ') : `MD5 ${wrong}; ${failures.join('; ')}`,
    hint: `get ${file.urls[0]} by other means and put it at ${path}.`,
  };
  throw wrong === null
    ? new AncError('ANC_DATA_DOWNLOAD', `${path}: cannot be downloaded.`, detail)
    : new AncError('ANC_DATA_CORRUPT', `${path}: the downloaded bytes are not the published ones.`, detail);
}

/** One try: appends to `part` what it lacks. */
async function fetchPart(
  file: RemoteFile,
  url: string,
  part: string,
  options: DownloadOptions,
): Promise<void> {
  const { progress, signal, stall = 30_000 } = options;
  const have = await stat(part).then(
    ({ size }) => size,
    () => 0,
  );
  const quiet = new AbortController();
  const watch = setTimeout(() => quiet.abort(new Error(`nothing came for ${stall} ms`)), stall);
  try {
    const response = await fetch(url, {
      // Ranges count stored bytes: a transfer encoding would shift them.
      headers: { 'accept-encoding': 'identity', ...(have > 0 && { range: `bytes=${have}-` }) },
      signal: signal === undefined ? quiet.signal : AbortSignal.any([signal, quiet.signal]),
    });
    const resumes =
      response.status === 206 && response.headers.get('content-range')?.startsWith(`bytes ${have}-`) === true;
    if (!resumes && response.status !== 200) {
      await response.body?.cancel();
      if (response.status === 416 || response.status === 206) await rm(part, { force: true }); // start over
      throw new Error(`HTTP ${response.status}`);
    }
    const start = resumes ? have : 0;
    const length = Number(response.headers.get('content-length') ?? Number.NaN);
    const total = Number.isFinite(length) ? start + length : null;
    const out = createWriteStream(part, { flags: resumes ? 'a' : 'w' });
    const closed = new Promise<void>((resolve, reject) => {
      out.on('close', resolve);
      out.on('error', (cause) => reject(diskError(part, cause)));
    });
    closed.catch(() => undefined); // awaited below, also where reading fails first
    let received = start;
    try {
      for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
        watch.refresh();
        received += chunk.length;
        if (received > file.mostBytes) throw await tooLong(part, file.mostBytes);
        if (!out.write(chunk))
          await Promise.race([new Promise<void>((resolve) => out.once('drain', () => resolve())), closed]);
        progress?.(received, total);
      }
    } finally {
      out.end();
      await closed;
    }
    if (total !== null && received !== total) throw new Error(`${received} of ${total} bytes`);
  } finally {
    clearTimeout(watch);
  }
}

async function tooLong(part: string, most: number): Promise<Error> {
  await rm(part, { force: true });
  return new Error(`sends more than ${most} bytes`);
}

async function md5Of(path: string): Promise<string> {
  const hash = createHash('md5');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

function diskError(path: string, cause: unknown): AncError {
  return new AncError('ANC_DATA_DISK', `${path}: cannot be written.`, {
    received: reasonOf(cause),
    hint: 'free space, or choose another folder with ANC_CACHE_DIR.',
    cause,
  });
}

/** `fetch` says "fetch failed" and keeps the reason in the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error
    ? `${error.message} (${error.cause.message || error.cause.name})`
    : error.message;
}

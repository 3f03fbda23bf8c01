import { createWriteStream, existsSync } from 'node:fs';
import { rename, rm, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AncError, isAncError, type PublishedFile } from '@anc/core';
import { makeFolder } from '@anc/core/internal';
import { md5Of } from '../files/verified-file.js';
import { lockDownload } from './download-lock.js';

/** A published file without its name, which the path contains. */
export type RemoteFile = Omit<PublishedFile, 'name'>;

export interface DownloadOptions {
  /** Called with the bytes on disk so far, and in total if the server reports it. */
  readonly progress?: (received: number, total: number | null) => void;
  readonly signal?: AbortSignal;
  /** Number of consecutive tries, over all addresses, without new bytes; default 5. */
  readonly attempts?: number;
  /** Time in ms without new bytes after which a connection is closed; default 30,000. */
  readonly stall?: number;
  /** Pause before the second try in ms, doubled for each further one; default 500. */
  readonly pause?: number;
}

/** New bytes that a try has to bring to count as progress. */
const PROGRESS = 1 << 16;

/**
 * Downloads a file to `path`: resumes after a cut connection (HTTP ranges), tries the next address after a failure, and
 * renames the file into place only after its checksum was verified. Until then the bytes are in `path.part`, which
 * nothing reads. If another process downloads the same file, this one waits for it. An existing file is replaced.
 *
 * @throws `ANC_DATA_CORRUPT` if every address has other bytes, `ANC_DATA_DISK` if the disk cannot store them, else
 *   `ANC_DATA_DOWNLOAD` with the file to get by other means and its path. When aborted, the signal's reason.
 */
export async function downloadFile(
  file: RemoteFile,
  path: string,
  options: DownloadOptions = {},
): Promise<void> {
  const part = `${path}.part`;
  const before = await changeOf(path);
  const onDisk = (cause: unknown): never => {
    options.signal?.throwIfAborted();
    throw diskError(dirname(path), cause);
  };
  await makeFolder(dirname(path)).catch(onDisk);
  const unlock = await lockDownload(part, options.signal).catch(onDisk);
  try {
    const fetched = existsSync(path) && (await changeOf(path)) !== before && (await md5Of(path)) === file.md5;
    if (!fetched) await fetchLocked(file, path, part, options); // else the process that had the lock downloaded it
  } finally {
    await unlock();
  }
}

const sizeOf = (path: string): Promise<number> =>
  stat(path).then(
    ({ size }) => size,
    () => 0,
  );
const changeOf = (path: string): Promise<number> =>
  stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );

async function fetchLocked(
  file: RemoteFile,
  path: string,
  part: string,
  options: DownloadOptions,
): Promise<void> {
  const { attempts = 5, pause = 500, signal } = options;
  const failures: string[] = [];
  let wrong: string | null = null;
  let [fruitless, most] = [0, await sizeOf(part)];
  for (let attempt = 0; fruitless < attempts; attempt++) {
    if (attempt > 0) {
      const rest = sleep(pause * 2 ** Math.max(0, fruitless - 1), undefined, { signal });
      await rest.catch(() => signal?.throwIfAborted()); // the signal's reason, not the timer's error
    }
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
      most = 0;
      fruitless++;
      failures.push(`${url}: wrong checksum`);
    } catch (error) {
      signal?.throwIfAborted();
      if (isAncError(error)) throw error;
      const size = await sizeOf(part);
      fruitless = size >= most + PROGRESS ? 0 : fruitless + 1;
      most = Math.max(most, size);
      failures.push(`${url}: ${reasonOf(error)}`);
    }
  }
  const detail = {
    expected: `MD5 ${file.md5}`,
    received: [...(wrong === null ? [] : [`MD5 ${wrong}`]), ...new Set(failures.slice(-attempts))].join('; '),
    hint: `get ${file.urls[0]} by other means and put it at ${path}.`,
  };
  throw wrong === null
    ? new AncError('ANC_DATA_DOWNLOAD', `${path}: cannot be downloaded.`, detail)
    : new AncError('ANC_DATA_CORRUPT', `${path}: the downloaded bytes are not the published ones.`, detail);
}

/** One try: appends the missing bytes to `part`. */
async function fetchPart(
  file: RemoteFile,
  url: string,
  part: string,
  options: DownloadOptions,
): Promise<void> {
  const { progress, signal, stall = 30_000 } = options;
  const have = await sizeOf(part);
  const quiet = new AbortController();
  const watch = setTimeout(() => quiet.abort(new Error(`no data for ${stall} ms`)), stall);
  try {
    const response = await fetch(url, {
      // Ranges count stored bytes, which a content encoding would change.
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
    if (total !== null && total > file.mostBytes)
      throw new Error(`announces ${total} bytes, expected at most ${file.mostBytes}`);
    await assertRoom(part, total === null ? 0 : total - start);
    const out = createWriteStream(part, { flags: resumes ? 'a' : 'w' });
    const closed = new Promise<void>((resolve, reject) => {
      out.on('close', resolve);
      out.on('error', (cause) => reject(diskError(part, cause)));
    });
    closed.catch(() => undefined); // awaited below, even if reading fails first
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

/** @throws `ANC_DATA_DISK` if the remaining bytes do not fit on the disk. */
async function assertRoom(part: string, needed: number): Promise<void> {
  const free = await statfs(dirname(part)).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => Infinity, // a file system that does not report it
  );
  if (needed > free) throw diskError(part, new Error(`${needed} bytes needed and ${free} bytes free`));
}

function diskError(path: string, cause: unknown): AncError {
  return new AncError('ANC_DATA_DISK', `${path}: cannot be written.`, {
    received: reasonOf(cause),
    hint: 'free space, or choose another folder with ANC_CACHE_DIR.',
    cause,
  });
}

/** `fetch` fails with "fetch failed" and has the reason in its cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error
    ? `${error.message} (${error.cause.message || error.cause.name})`
    : error.message;
}

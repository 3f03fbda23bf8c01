import { createHash } from 'node:crypto';
import { appendFile, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { makeFolder } from '@anc/core/internal';
import { cacheDir } from './locate.js';
import { assertRegularFile } from './regular-file.js';

/** Hashing smaller files costs too little to be recorded. */
const LEAST_BYTES = 1 << 20;
/** A file that changed within the last so many ms may change again without a new time stamp. */
const GRAIN = 2000;

/** Identifies a file in one state. */
export interface FileState {
  readonly path: string;
  readonly size: number;
  readonly modified: number;
}

/** Path, size and time stamp of a file. Throws what `assertRegularFile` throws. */
export async function fileState(path: string): Promise<FileState> {
  await assertRegularFile(path);
  const { size, mtimeMs } = await stat(path);
  return { path: resolve(path), size, modified: mtimeMs };
}

const known = new Map<string, Promise<Set<string>>>();
const logPath = (): string => join(cacheDir(), 'verified.log');

/** One line per verified file; a file of another size, time or path has another line. */
const lineOf = ({ path, size, modified }: FileState, md5: string): string =>
  createHash('sha256')
    .update(JSON.stringify([path, size, modified, md5]))
    .digest('hex');

/** Whether this file, in this state, was verified to have this MD5. */
export async function wasVerified(state: FileState, md5: string): Promise<boolean> {
  return state.size >= LEAST_BYTES && (await readLog(logPath())).has(lineOf(state, md5));
}

/**
 * Records in the cache folder that a file has this MD5. If that cannot be written, the file is hashed again next time.
 */
export async function recordVerified(state: FileState, md5: string): Promise<void> {
  if (state.size < LEAST_BYTES || Date.now() - state.modified < GRAIN) return;
  const [log, line] = [logPath(), lineOf(state, md5)];
  const lines = await readLog(log);
  if (lines.has(line)) return;
  lines.add(line);
  await makeFolder(cacheDir())
    .then(() => appendFile(log, `${line}\n`))
    .catch(() => undefined);
}

function readLog(path: string): Promise<Set<string>> {
  const before = known.get(path);
  if (before !== undefined) return before;
  const read = readFile(path, 'utf8').then(
    (text) => new Set(text.split('\n')),
    () => new Set<string>(),
  );
  known.set(path, read);
  return read;
}

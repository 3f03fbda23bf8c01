import { createHash } from 'node:crypto';
import { appendFile, mkdir, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { cacheDir } from './locate.js';

/** Below this hashing costs nothing worth remembering. */
const LEAST_BYTES = 1 << 20;
/** A file that changed so shortly before, ms, may change again within its time stamp's grain. */
const GRAIN = 2000;

/** A file as it was when it was looked at. */
export interface FileState {
  readonly path: string;
  readonly size: number;
  readonly modified: number;
}

/** Path, size and time stamp of a file; throws what `stat` throws. */
export async function fileState(path: string): Promise<FileState> {
  const { size, mtimeMs } = await stat(path);
  return { path: resolve(path), size, modified: mtimeMs };
}

const known = new Map<string, Promise<Set<string>>>();
const logPath = (): string => join(cacheDir(), 'verified.log');

/** One line per verified file: a changed size, time or place makes it another. */
const lineOf = ({ path, size, modified }: FileState, md5: string): string =>
  createHash('sha256')
    .update(JSON.stringify([path, size, modified, md5]))
    .digest('hex');

/** Whether this very file was found to have this MD5 before. */
export async function wasVerified(state: FileState, md5: string): Promise<boolean> {
  return state.size >= LEAST_BYTES && (await readLog(logPath())).has(lineOf(state, md5));
}

/** Remembers that a file has this MD5, in the cache folder; where that cannot be written it is hashed again. */
export async function rememberVerified(state: FileState, md5: string): Promise<void> {
  if (state.size < LEAST_BYTES || Date.now() - state.modified < GRAIN) return;
  const [log, line] = [logPath(), lineOf(state, md5)];
  const lines = await readLog(log);
  if (lines.has(line)) return;
  lines.add(line);
  await mkdir(cacheDir(), { recursive: true })
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

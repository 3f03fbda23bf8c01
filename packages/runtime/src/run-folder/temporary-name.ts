import { createHash, randomBytes } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { exists, thisProcess } from './process-identity.js';

/** Ending of files that are being written; a file that still has it after a crash is incomplete. */
export const TEMPORARY = '.tmp';
/** Ending of folders that are being made. */
export const UNFINISHED = '.new';

/** Process, where its id means something, and a number that no other name has; the process alone in earlier versions. */
const NAME = /[.-](\d+)(?:-([0-9a-f]{8})-[0-9a-f]{12})?(?:\.tmp|\.new)$/;

/** Age in milliseconds at which what a process left counts as left behind, where the process cannot be seen from here. */
const LEFT_BEHIND = 24 * 3600 * 1000;

let space: string | null = null;

/** Short for the system and the namespace in which a process id means something; other containers have others. */
const spaceHere = (): string =>
  (space ??= createHash('sha256')
    .update(thisProcess().space ?? thisProcess().host)
    .digest('hex')
    .slice(0, 8));

/**
 * What makes a temporary name unique across processes, containers and machines, and names its process, so that others can
 * tell what a process left that was killed.
 */
export const owned = (): string => `${process.pid}-${spaceHere()}-${randomBytes(6).toString('hex')}`;

/** Temporary name beside a file that is about to be written. */
export const temporaryName = (path: string): string => `${path}.${owned()}${TEMPORARY}`;

/** Whether a name is that of something that was being written. */
export const isTemporary = (name: string): boolean => NAME.test(name);

/** Whether something is temporary, and the process that wrote it has ended, as far as can be seen from here. */
export async function isLeft(path: string): Promise<boolean> {
  const [, pid, of] = NAME.exec(path) ?? [];
  if (pid === undefined) return false;
  if (of === spaceHere()) return !exists(Number(pid));
  const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Infinity }));
  return Date.now() - mtimeMs > LEFT_BEHIND;
}

/**
 * Removes what processes left that were killed while they wrote in a folder; what others are writing stays. Throws nothing:
 * it is no part of the work.
 *
 * @param of decides by the name, relative to the folder; default: everything temporary.
 */
export async function removeTemporary(
  folder: string,
  of: (name: string) => boolean = () => true,
  recursive = false,
): Promise<void> {
  const entries = await readdir(folder, { recursive, withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    if (!of(relative(folder, path)) || !(await isLeft(path))) continue;
    await rm(path, { recursive: true, force: true }).catch(() => undefined);
  }
}

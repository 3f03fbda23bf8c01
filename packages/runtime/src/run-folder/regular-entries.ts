import type { Stats } from 'node:fs';
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, isAbsolute } from 'node:path';
import { AncError } from '@anc/core';
import { damagedError } from './damage.js';

/**
 * Checks, before a file of a folder is opened, that it is one: opening a pipe waits for its other end, and a device may have
 * no end.
 *
 * @throws `ANC_RUN_DAMAGED` where it is a pipe, a socket or a device; what `stat` throws where it is missing.
 */
export async function assertRegular(path: string): Promise<void> {
  const kind = specialKind(await stat(path));
  if (kind !== null) throw damagedError(dirname(path), basename(path), 'a file', kind);
}

/** The bytes of a file of a run folder. Throws as `assertRegular` and `readFile` do. */
export async function readRegular(path: string): Promise<Buffer> {
  await assertRegular(path);
  return readFile(path);
}

/**
 * Checks, before work begins in a folder, that what is written there stays there: everything in it is a file, a folder, or
 * a symbolic link to something in it.
 *
 * @throws `ANC_RUN_UNWRITABLE` at the first other entry.
 */
export async function assertSelfContained(folder: string): Promise<void> {
  const root = await realpath(folder);
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile() || entry.isDirectory()) continue;
    const path = join(entry.parentPath, entry.name);
    const received = entry.isSymbolicLink() ? await linkOut(path, root) : specialKind(entry);
    if (received === null) continue;
    throw new AncError('ANC_RUN_UNWRITABLE', `${path} cannot be in a folder that is worked in.`, {
      expected: 'files, folders, and symbolic links to what is in the same folder',
      received,
      hint: 'replace it by a file or a folder, or remove it.',
    });
  }
}

/** Where a link leads that leaves the folder, in words; null where it stays. */
async function linkOut(path: string, root: string): Promise<string | null> {
  const target = await realpath(path).catch(() => null);
  if (target === null) return 'a symbolic link to something that is not there';
  const inside = relative(root, target);
  const leaves = inside.split(/[\\/]/)[0] === '..' || isAbsolute(inside);
  return leaves ? `a symbolic link to ${target}` : null;
}

/** What else than a file or a folder something is; null where it is one of these. */
function specialKind(entry: Pick<Stats, 'isFile' | 'isDirectory' | 'isFIFO' | 'isSocket'>): string | null {
  if (entry.isFile() || entry.isDirectory()) return null;
  if (entry.isFIFO()) return 'a pipe';
  return entry.isSocket() ? 'a socket' : 'a device';
}

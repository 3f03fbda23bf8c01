import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { AncError, isAncError } from '@anc/core';
import { makeFolder, shellQuoted } from '@anc/core/internal';
import { syncFolder, writeFileAtomically } from './atomic-write.js';
import { CHECKSUMS, Checksums } from './checksums.js';
import { freeBytes, inMegabytes } from './disk-error.js';
import { folderName } from './folder-name.js';
import { isLeft, isTemporary, owned, removeTemporary, UNFINISHED } from './temporary-name.js';

/** Start of the name of a folder that shows whether one can be made there. */
const PROBE = '.anc';

const isErrno = (error: unknown, ...codes: readonly string[]): boolean =>
  codes.includes((error as NodeJS.ErrnoException | null)?.code ?? '');

/**
 * Makes a folder with files and their checksums in it, atomically: under a temporary name beside it, renamed when it is whole. What a killed
 * process left of such a folder is replaced: see `isLeftover`, which `leftover` is passed to.
 *
 * @throws `ANC_RUN_EXISTS` if something else is at `path`, `ANC_RUN_UNWRITABLE` if it cannot be made.
 */
export async function createFolder(
  path: string,
  files: Readonly<Record<string, string>>,
  leftover: readonly string[] = [],
): Promise<void> {
  const parent = dirname(path);
  const temporary = unfinished(path);
  try {
    await makeFolder(parent);
    await removeTemporary(parent, (name) => name.startsWith(`.${basename(path)}.`));
    await mkdir(temporary);
    for (const [name, content] of Object.entries({ ...files, [CHECKSUMS]: Checksums.of(files) })) {
      await writeFileAtomically(join(temporary, name), content);
    }
    if (await exists(path)) await removeLeftover(path, leftover);
    await rename(temporary, path); // fails where the folder holds anything: two runs never share one
    await syncFolder(parent);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true }).catch(() => undefined);
    if (isErrno(error, 'EEXIST', 'ENOTEMPTY', 'ENOTDIR') && (await exists(path))) throw existsError(path);
    throw unwritableError(path, error);
  }
}

/** Name beside a folder under which it is made. */
const unfinished = (path: string): string =>
  join(dirname(path), `.${basename(path)}.${owned()}${UNFINISHED}`);

/**
 * Removes what a killed process left; throws where it is something else. It is moved aside first: another process may have
 * begun to work in it since it was looked at.
 */
async function removeLeftover(path: string, names: readonly string[]): Promise<void> {
  if (!(await isLeftover(path, names))) throw existsError(path);
  const aside = unfinished(path);
  await rename(path, aside);
  if (await isLeftover(aside, names)) return rm(aside, { recursive: true, force: true });
  await rename(aside, path);
  throw existsError(path);
}

/**
 * Whether a folder is what a process left that was killed while it made one: nothing is in it, or nothing but half-written
 * files and `names`, with which work had not begun.
 */
export async function isLeftover(path: string, names: readonly string[] = []): Promise<boolean> {
  try {
    for (const entry of await readdir(path, { withFileTypes: true })) {
      const isNothing = entry.isFile()
        ? isTemporary(entry.name) || [CHECKSUMS, ...names].includes(entry.name)
        : await isLeft(join(path, entry.name));
      if (!isNothing) return false;
    }
    return true;
  } catch {
    return false; // a file, or not readable
  }
}

/** Options of the check whether a folder can be created. */
export interface CreatableOptions {
  /** Files with which work had not begun: a folder that holds no others may be made anew. */
  readonly leftover?: readonly string[];
  /** Space that will be needed there. */
  readonly bytes?: number;
}

/**
 * Checks that a run folder can be created at `path`, without leaving anything there.
 *
 * @throws `ANC_RUN_EXISTS`, `ANC_RUN_UNWRITABLE`, or `ANC_DISK` where there is too little space.
 */
export async function assertCreatable(
  path: string,
  { leftover, bytes }: CreatableOptions = {},
): Promise<void> {
  const target = resolve(path);
  if ((await exists(target)) && !(await isLeftover(target, leftover))) throw existsError(target);
  const ancestor = await existingAncestor(target);
  let probe: string | null = null;
  try {
    if (!(await stat(ancestor)).isDirectory()) throw new Error(`${ancestor} is not a folder`);
    // Permission bits are not enough: they allow root everything, even in /proc, where nothing can be created.
    await removeTemporary(ancestor, (name) => name.startsWith(`${PROBE}.`));
    probe = unfinished(join(ancestor, PROBE.slice(1)));
    await mkdir(probe);
    await writeFile(join(probe, 'probe'), 'x'); // a full disk still takes a folder
  } catch (error) {
    throw unwritableError(target, error);
  } finally {
    if (probe !== null) await rm(probe, { recursive: true, force: true }).catch(() => undefined);
  }
  if (bytes !== undefined) await assertSpace(target, bytes);
}

/** Throws `ANC_DISK` where the file system of a path, which need not exist, has less space than is needed. */
export async function assertSpace(path: string, bytes: number): Promise<void> {
  const target = resolve(path);
  const free = await freeBytes(await existingAncestor(target));
  if (free === null || free >= bytes) return;
  throw new AncError('ANC_DISK', `${target}: there is too little space on the disk for this run.`, {
    expected: `about ${inMegabytes(bytes)} of free space`,
    received: inMegabytes(free),
    hint: 'free some space there, or give another folder with --out.',
  });
}

async function existingAncestor(target: string): Promise<string> {
  let ancestor = dirname(target);
  while (!(await exists(ancestor)) && dirname(ancestor) !== ancestor) ancestor = dirname(ancestor);
  return ancestor;
}

/** The first of `<stem>-1`, `<stem>-2`, … that is free under `parent`; `stem` is made a name for folders. */
export async function freeName(parent: string, stem: string): Promise<string> {
  let taken: ReadonlySet<string>;
  try {
    taken = new Set(await readdir(parent));
  } catch {
    taken = new Set(); // missing or not readable, which `assertCreatable` reports
  }
  const safe = folderName(stem);
  let number = 1;
  while (taken.has(`${safe}-${number}`)) number++;
  return `${safe}-${number}`;
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return false;
    throw unwritableError(path, error);
  }
}

export const existsError = (path: string): AncError =>
  new AncError('ANC_RUN_EXISTS', `the run folder "${path}" exists already.`, {
    hint: `continue it with --resume ${shellQuoted(path)}, or give another --name.`,
  });

function unwritableError(path: string, error: unknown): AncError {
  const cause = isAncError(error) && error.code === 'ANC_DISK' ? error.detail.cause : error;
  if (isAncError(cause)) return cause;
  return new AncError('ANC_RUN_UNWRITABLE', `the run folder "${path}" cannot be created.`, {
    received: cause instanceof Error ? cause.message : String(cause),
    hint: 'give another folder with --out.',
    cause,
  });
}

import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AncError, isAncError } from '@anc/core';

/** What to do about the errors of a file system that a person can do something about. */
const HINTS: Readonly<Record<string, string>> = {
  ENOSPC: 'free some space there, or use another folder; what was written before is whole.',
  EDQUOT: 'raise the quota, or use another folder; what was written before is whole.',
  EFBIG: 'the limit on the size of files is too low: see `ulimit -f`; what was written before is whole.',
  EROFS: 'the file system is read-only: use another folder.',
  EACCES: 'check the permissions of the file and its folder.',
  EPERM: 'check the permissions of the file and its folder.',
  ENOENT: 'its folder is gone, or takes no files: use another one.',
  ENOTDIR: 'a part of its path is a file.',
  EISDIR: 'there is a folder of this name.',
  EIO: 'the disk reports an error: check it, and copy what is there to another one.',
  EMFILE: 'too many files are open: see `ulimit -n`.',
  ENFILE: 'too many files are open on this machine.',
  ENAMETOOLONG: 'use a shorter name.',
};

/** Errors that say how much fits. */
const FULL = ['ENOSPC', 'EDQUOT'];

const MB = 1e6;
export const inMegabytes = (bytes: number): string =>
  bytes < MB ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / MB).toFixed(1)} MB`;

/**
 * An error of the file system as one `ANC_DISK` with the path and, where the disk is full, the space that is needed. Other
 * errors are returned as they are.
 *
 * @param bytes size of what was to be written, null where it is not known.
 */
export async function diskError(
  path: string,
  bytes: number | null,
  cause: unknown,
  work: 'written' | 'read' = 'written',
): Promise<unknown> {
  const { code = '', syscall } = (cause ?? {}) as NodeJS.ErrnoException;
  const hint = HINTS[code];
  if (isAncError(cause) || syscall === undefined || hint === undefined) return cause;
  const free = FULL.includes(code) ? await freeBytes(dirname(path)) : null;
  const space = free === null ? '' : `; ${inMegabytes(free)} free`;
  return new AncError('ANC_DISK', `${path} cannot be ${work}.`, {
    ...(free === null || bytes === null ? {} : { expected: `${inMegabytes(bytes)} of free space` }),
    received: `${(cause as Error).message}${space}`,
    hint,
    cause,
  });
}

/** Bytes that may be written to the file system of a folder; null where it does not say. */
export async function freeBytes(folder: string): Promise<number | null> {
  try {
    const { blocks, bavail, bsize } = await statfs(folder);
    return blocks === 0 ? null : bavail * bsize; // some network and virtual file systems have no size
  } catch {
    return null;
  }
}

/** Runs work on a file; errors of the file system become `ANC_DISK`. */
export async function onDisk<T>(path: string, bytes: number | null, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw await diskError(path, bytes, error);
  }
}

/** Cleans up after work, whether it succeeded or not. Where both fail, the error of the work is thrown. */
export async function withCleanUp<T>(work: () => Promise<T>, cleanUp: () => Promise<unknown>): Promise<T> {
  let result: T;
  try {
    result = await work();
  } catch (error) {
    await cleanUp().catch(() => undefined);
    throw error;
  }
  await cleanUp();
  return result;
}

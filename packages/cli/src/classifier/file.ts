import { createHash, webcrypto } from 'node:crypto';
import { access, readFile } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { AncError } from '@anc/core';

export interface ReadFile {
  /** From the root. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** A file that a person named. Throws `ANC_FILE` where it cannot be read. */
export async function readNamedFile(named: string, cwd: string): Promise<ReadFile> {
  const path = resolve(cwd, named);
  try {
    return { path, bytes: await readFile(path) };
  } catch (cause) {
    throw new AncError('ANC_FILE', `"${named}" cannot be read.`, {
      received: cause instanceof Error ? cause.message : String(cause),
      hint: 'check the path; it is read relative to the working directory.',
      cause,
    });
  }
}

/** Refuses to write over something. Throws `ANC_FILE_EXISTS`. */
export async function assertFree(named: string, cwd: string): Promise<string> {
  const path = resolve(cwd, named);
  const there = await access(path).then(
    () => true,
    () => false,
  );
  if (!there) return path;
  throw new AncError('ANC_FILE_EXISTS', `"${named}" is there already; nothing is overwritten.`, {
    hint: 'give another name, or remove it.',
  });
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** The same beside other work. */
export async function hashInBackground(bytes: Uint8Array): Promise<string> {
  const digest = await webcrypto.subtle.digest('SHA-256', bytes);
  return Buffer.from(digest).toString('hex');
}

/** A path as people would write it from here. */
export function shownPath(path: string, cwd: string): string {
  const near = relative(cwd, path);
  return near === '' || near.startsWith('..') ? path : near;
}

import { createHash } from 'node:crypto';
import { closeSync, constants, existsSync, fstatSync, readSync, statSync } from 'node:fs';
import { access, readdir, rename, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import { AncError, isAncError } from '@anc/core';
import { makeFolder, shellQuoted } from '@anc/core/internal';
import type { ByteSource } from '@anc/formats';
import { onDisk, removeTemporary, writeFileAtomically, type FileContent } from '@anc/runtime';
import { openRegularFile, readRegularFile } from '../disk/regular-file.js';

export interface ReadFile {
  /** From the root. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** A file that is read here and there while it is open. */
export interface OpenFile {
  /** From the root. */
  readonly path: string;
  readonly source: ByteSource;
  close(): void;
}

/** A file that a person named. Throws `ANC_FILE` where it cannot be read. */
export async function readNamedFile(named: string, cwd: string): Promise<ReadFile> {
  const path = resolve(cwd, named);
  try {
    return { path, bytes: await readRegularFile(path) };
  } catch (cause) {
    throw unreadable(named, cause);
  }
}

/** The same for a file that is too large to be read at once. */
export function openNamedFile(named: string, cwd: string): OpenFile {
  const path = resolve(cwd, named);
  let file: number | null = null;
  try {
    file = openRegularFile(path);
    const stats = fstatSync(file);
    if (stats.isDirectory()) throw isFolder(named, path);
    return { path, source: sourceOf(file, stats.size, named), close: () => closeSync(file!) };
  } catch (cause) {
    if (file !== null) closeSync(file);
    throw isAncError(cause) ? cause : unreadable(named, cause);
  }
}

function sourceOf(file: number, length: number, named: string): ByteSource {
  return {
    length,
    read(begin, end, lent) {
      const bytes = lent?.take(end - begin) ?? new Uint8Array(end - begin);
      for (let at = 0; at < bytes.length;) {
        const read = readSync(file, bytes, at, bytes.length - at, begin + at);
        if (read === 0) throw unreadable(named, new Error(`it ends before byte ${end}`));
        at += read;
      }
      return bytes;
    },
  };
}

function isFolder(named: string, path: string): AncError {
  const model = join(named, 'model.json');
  return new AncError('ANC_FILE', `"${named}" cannot be read.`, {
    received: 'it is a folder',
    hint: existsSync(join(path, 'model.json'))
      ? `it holds a model of TensorFlow.js: give ${shellQuoted(model)}.`
      : 'give one of the files in it.',
  });
}

/** Throws `ANC_FILE` where there is nothing at a path that a person named: before anything else is asked for. */
export function assertThere(named: string, cwd: string): void {
  if (!existsSync(resolve(cwd, named))) throw missing(named);
}

const missing = (named: string, cause?: unknown): AncError =>
  new AncError('ANC_FILE', `"${named}" does not exist.`, {
    received: 'no such file or folder',
    hint: 'check the path; it is read relative to the working directory.',
    ...(cause === undefined ? {} : { cause }),
  });

const isMissing = (cause: unknown): boolean =>
  cause instanceof Error && (cause as NodeJS.ErrnoException).code === 'ENOENT';

const unreadable = (named: string, cause: unknown): AncError =>
  isMissing(cause)
    ? missing(named, cause)
    : new AncError('ANC_FILE', `"${named}" cannot be read.`, {
        received: cause instanceof Error ? cause.message : String(cause),
        hint: 'check the path; it is read relative to the working directory.',
        cause,
      });

/**
 * The path of a file that is to be made, from the root. Throws `ANC_FILE_EXISTS` where something is there, `ANC_FILE` where
 * nothing can be made there. Folders on the way to it need not be there: `writeNew` makes them.
 */
export async function assertFree(named: string, cwd: string): Promise<string> {
  const path = resolve(cwd, named);
  if (existsSync(path)) {
    throw new AncError('ANC_FILE_EXISTS', `"${named}" is there already; nothing is overwritten.`, {
      hint: 'give another name, or remove it.',
    });
  }
  let folder = dirname(path);
  while (!existsSync(folder)) folder = dirname(folder);
  if (!statSync(folder).isDirectory()) throw uncreatable(named, `${folder} is not a folder`);
  try {
    await access(folder, constants.W_OK);
  } catch {
    throw uncreatable(named, `${folder} may not be written to`);
  }
  return path;
}

const uncreatable = (named: string, why: string): AncError =>
  new AncError('ANC_FILE', `"${named}" cannot be made.`, { received: why, hint: 'give another name.' });

/** Writes a file whose name was free, and the folders on the way to it. */
export async function writeNew(path: string, content: FileContent): Promise<void> {
  const folder = dirname(path);
  await onDisk(path, null, () => makeFolder(folder));
  await removeTemporary(folder, (name) => name.startsWith(`${basename(path)}.`));
  await writeFileAtomically(path, content);
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Bytes that are hashed at a time. */
const CHUNK = 1 << 22;

/** The same of a file that is open. */
export function sha256Of({ length, read }: ByteSource): string {
  const hash = createHash('sha256');
  for (let at = 0; at < length; at += CHUNK) hash.update(read(at, Math.min(at + CHUNK, length)));
  return hash.digest('hex');
}

const HASHING = `
  const { createHash } = require('node:crypto');
  const { closeSync, openSync, readSync } = require('node:fs');
  const { parentPort, workerData } = require('node:worker_threads');
  const hash = createHash('sha256');
  const bytes = Buffer.allocUnsafe(${CHUNK});
  const file = openSync(workerData, 'r');
  for (let read; (read = readSync(file, bytes)) > 0;) hash.update(bytes.subarray(0, read));
  closeSync(file);
  parentPort.postMessage(hash.digest('hex'));
`;

/** The SHA-256 of a file that can be read, in a thread of its own: programs and networks are made beside it. */
export function sha256Beside(path: string): Promise<string> {
  const digest = new Promise<string>((resolve, reject) => {
    new Worker(HASHING, { eval: true, workerData: path }).once('message', resolve).once('error', reject);
  });
  digest.catch(() => undefined); // whoever waits for it hears of it
  return digest;
}

/** Passes pieces on, and says at the end how many bytes they were and what their SHA-256 is. */
export function* counted(
  pieces: Iterable<Uint8Array>,
  done: (total: { readonly bytes: number; readonly sha256: string }) => void,
): Generator<Uint8Array> {
  const hash = createHash('sha256');
  let bytes = 0;
  for (const piece of pieces) {
    hash.update(piece);
    bytes += piece.length;
    yield piece;
  }
  done({ bytes, sha256: hash.digest('hex') });
}

/** `name`, or the first of `name-2`, `name-3`, … that is free in a folder; the number comes before the extension. */
export async function freeFileName(folder: string, name: string): Promise<string> {
  const taken = new Set(await readdir(folder));
  const [, stem = name, extension = ''] = /^(.*?)(\.[^.]*)?$/.exec(name) ?? [];
  let free = name;
  for (let i = 2; taken.has(free); i++) free = `${stem}-${i}${extension}`;
  return free;
}

/** Writes a picture whole or not at all. Throws `ANC_OUTPUT`. */
export async function writePicture(path: string, bytes: Uint8Array): Promise<void> {
  try {
    await makeFolder(dirname(path));
    await writeFile(`${path}.part`, bytes);
    await rename(`${path}.part`, path);
  } catch (cause) {
    throw new AncError('ANC_OUTPUT', `${path}: cannot be written.`, {
      received: cause instanceof Error ? cause.message : String(cause),
      hint: 'choose another file.',
      cause,
    });
  }
}

import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Suffix of a file that is being written; whatever carries it after a crash is not data. */
export const TEMPORARY = '.tmp';

/** What a file is to hold, at once or piece by piece. */
export type FileContent = Uint8Array | string | Iterable<Uint8Array>;

/**
 * Writes a file so that at any moment, a crash included, `path` is absent, the old content, or the new
 * content: temporary name, flush to the disk, rename, flush of the folder.
 */
export async function writeFileAtomically(path: string, content: FileContent): Promise<void> {
  const temporary = `${path}.${process.pid}${TEMPORARY}`;
  try {
    const file = await open(temporary, 'w');
    try {
      await write(file, content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

/** A piece is made while the one before it is written. */
async function write(file: FileHandle, content: FileContent): Promise<void> {
  if (typeof content === 'string' || content instanceof Uint8Array) return file.writeFile(content);
  let before: Promise<unknown> = Promise.resolve();
  try {
    for (const piece of content) {
      await before;
      before = append(file, piece);
    }
  } finally {
    await before;
  }
}

/**
 * Goes on where the last piece ended. `writeFile` would cut a piece into halves of a megabyte and come back for each,
 * which it cannot while the next piece is made.
 */
async function append(file: FileHandle, piece: Uint8Array): Promise<void> {
  for (let at = 0; at < piece.length;) at += (await file.write(piece, at)).bytesWritten;
}

/** Makes a rename itself durable. Windows cannot open folders: there the file system decides. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

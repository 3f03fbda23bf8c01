import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Suffix of files that are being written. A file that still has it after a crash is incomplete. */
export const TEMPORARY = '.tmp';

/** Content of a file, as a whole or in pieces. */
export type FileContent = Uint8Array | string | Iterable<Uint8Array>;

/**
 * Writes a file atomically: at any moment, even after a crash, `path` is absent or has its old or its new content. The
 * content goes to a temporary name, is synced to disk and renamed; then the folder is synced.
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

/** Each piece is computed while the previous one is being written. */
async function write(file: FileHandle, content: FileContent): Promise<void> {
  if (typeof content === 'string' || content instanceof Uint8Array) return file.writeFile(content);
  let previous: Promise<unknown> = Promise.resolve();
  try {
    for (const piece of content) {
      await previous;
      previous = append(file, piece);
    }
  } finally {
    await previous;
  }
}

/**
 * Appends a piece in as few writes as the system needs. `writeFile` would split it into chunks of half a megabyte and
 * need the event loop between them, which is blocked while the next piece is computed.
 */
async function append(file: FileHandle, piece: Uint8Array): Promise<void> {
  for (let at = 0; at < piece.length;) at += (await file.write(piece, at)).bytesWritten;
}

/** Makes a rename durable. Windows cannot open folders; there the file system decides. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

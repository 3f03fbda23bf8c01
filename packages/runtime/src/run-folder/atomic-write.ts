import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { diskError, withCleanUp } from './disk-error.js';
import { syncFile } from './sync-file.js';
import { temporaryName } from './temporary-name.js';

/** Content of a file, as a whole or in pieces. */
export type FileContent = Uint8Array | string | Iterable<Uint8Array>;

/**
 * Writes a file atomically: at any moment, even after a crash, `path` is absent or has its old or its new content. The
 * content goes to a temporary name, is synced to disk and renamed; then the folder is synced.
 *
 * @throws `ANC_DISK` where the file system refuses it: full, read-only, not permitted. What a piece throws is passed on.
 */
export async function writeFileAtomically(path: string, content: FileContent): Promise<void> {
  const temporary = temporaryName(path);
  try {
    const file = await open(temporary, 'wx');
    await withCleanUp(
      async () => {
        await write(file, content);
        await syncFile(file);
      },
      () => file.close(),
    );
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined); // the first error is the one to report
    throw await diskError(path, sizeOf(content), error);
  }
}

/** Bytes of a content; null of one in pieces, which are computed as they are written. */
function sizeOf(content: FileContent): number | null {
  if (typeof content === 'string') return Buffer.byteLength(content);
  return content instanceof Uint8Array ? content.length : null;
}

/** Each piece is computed while the previous one is being written. */
async function write(file: FileHandle, content: FileContent): Promise<void> {
  if (typeof content === 'string' || content instanceof Uint8Array) return file.writeFile(content);
  let previous: Promise<unknown> = Promise.resolve();
  await withCleanUp(
    async () => {
      for (const piece of content) {
        await previous;
        previous = append(file, piece);
        previous.catch(() => undefined); // awaited before the next piece
      }
    },
    () => previous as Promise<void>,
  );
}

/**
 * Appends a piece in as few writes as the system needs. `writeFile` would split it into chunks of half a megabyte and
 * need the event loop between them, which is blocked while the next piece is computed.
 */
async function append(file: FileHandle, piece: Uint8Array): Promise<void> {
  for (let at = 0; at < piece.length;) at += (await file.write(piece, at)).bytesWritten;
}

/** Makes a rename durable. Windows cannot open folders; there the file system decides. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await syncFile(folder);
  } finally {
    await folder.close();
  }
}

import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { AncError } from '@anc/core';

/** Refuses a file, and a folder that holds more than its own repository. Returns whether the folder is there. */
async function assertFree(folder: string): Promise<boolean> {
  const found = await readdir(folder).catch((cause: unknown) => {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new AncError('ANC_EXISTS', `"${folder}" is no folder that can be written.`, {
      received: cause instanceof Error ? cause.message : String(cause),
      hint: 'choose another one with --folder.',
      cause,
    });
  });
  const held = (found ?? []).filter((name) => name !== '.git');
  if (held.length === 0) return found !== null;
  throw new AncError('ANC_EXISTS', `the folder "${folder}" is not empty.`, {
    expected: 'a folder that does not exist, or one with nothing but .git',
    received: held.slice(0, 5).join(', '),
    hint: 'choose another one with --folder, or another name; nothing is overwritten.',
  });
}

/** The package in its draft: not the draft itself, which nobody else may read. */
const WHOLE = 'package';

/** An empty folder where its entries can be moved to `folder`: beside it, or in it where it is there. Throws `ANC_DISK`. */
async function makeDraft(folder: string, isThere: boolean): Promise<string> {
  const around = isThere ? folder : dirname(folder);
  try {
    await mkdir(around, { recursive: true });
    return await mkdtemp(join(around, `.${basename(folder)}-`));
  } catch (error) {
    throw notWritten(folder, error);
  }
}

/** Moves the package to its folder. One that is there stays: a shell may stand in it, and `.git` is in it. */
async function place(whole: string, folder: string, isThere: boolean): Promise<void> {
  if (!isThere) {
    await rename(whole, folder); // replaces an empty folder, and no other
    return;
  }
  const moved: string[] = [];
  try {
    for (const name of await readdir(whole)) {
      await rename(join(whole, name), join(folder, name));
      moved.push(join(folder, name));
    }
  } catch (error) {
    for (const path of moved) await rm(path, { recursive: true, force: true });
    throw error;
  }
}

const notWritten = (folder: string, cause: unknown): unknown =>
  (cause as NodeJS.ErrnoException).syscall === undefined
    ? cause
    : new AncError('ANC_DISK', `${folder} cannot be written.`, {
        received: (cause as Error).message,
        hint: 'check the permissions of it and of the folder around it, or choose another one with --folder.',
        cause,
      });

/**
 * Writes files to a folder, all of them or none. `.git` may be in the folder, and nothing else.
 *
 * @param files text by path.
 * @throws `ANC_EXISTS` where the folder holds something, `ANC_DISK` where it cannot be written.
 */
export async function writeWhole(folder: string, files: ReadonlyMap<string, string>): Promise<void> {
  const isThere = await assertFree(folder);
  const draft = await makeDraft(folder, isThere);
  try {
    for (const [path, text] of files) {
      await mkdir(dirname(join(draft, WHOLE, path)), { recursive: true });
      await writeFile(join(draft, WHOLE, path), text);
    }
    await place(join(draft, WHOLE), folder, isThere);
    await rm(draft, { recursive: true, force: true });
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    await assertFree(folder);
    throw notWritten(folder, error);
  }
}

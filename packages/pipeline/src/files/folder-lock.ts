import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { lockFolder, type Lock } from '@anc/runtime';

/** The lock of a folder of several runs: others may read it, and not write there. */
export interface FolderLock {
  /** Locks the folder, once it is made. */
  take(): Promise<void>;
  /** Throws `ANC_RUN_BUSY` where another process has taken the folder over. */
  assertHeld(): Promise<void>;
}

/**
 * Works in a folder of several runs while it is locked: from the beginning where it is made, which its record tells, else
 * from `take` on.
 *
 * @throws `ANC_RUN_BUSY` while another process works there.
 */
export async function whileLocked<R>(
  path: string,
  record: string,
  work: (lock: FolderLock) => Promise<R>,
): Promise<R> {
  let held: Lock | null = null;
  const lock: FolderLock = {
    async take() {
      held ??= await lockFolder(path);
    },
    async assertHeld() {
      await held?.assertHeld();
    },
  };
  const isMade = await stat(join(path, record)).then(() => true, () => false); // prettier-ignore
  try {
    if (isMade) await lock.take();
    return await work(lock);
  } finally {
    await (held as Lock | null)?.release();
  }
}

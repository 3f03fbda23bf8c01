import { open, readFile, rm } from 'node:fs/promises';
import { AncError } from '@anc/core';

const isErrno = (error: unknown, code: string): boolean => (error as NodeJS.ErrnoException).code === code;

/**
 * Keeps a second process off a run folder. Throws `ANC_RUN_BUSY` while the first one lives; what a crash
 * left behind is taken over. Returns the release.
 */
export async function lock(path: string): Promise<() => Promise<void>> {
  for (;;) {
    try {
      const file = await open(path, 'wx');
      await file.writeFile(String(process.pid));
      await file.close();
      return () => rm(path, { force: true });
    } catch (error) {
      if (!isErrno(error, 'EEXIST')) throw error;
    }
    const owner = Number(await readFile(path, 'utf8').catch(() => ''));
    if (owner !== process.pid && isAlive(owner)) {
      throw new AncError('ANC_RUN_BUSY', 'another process is working in this run folder.', {
        received: `process ${owner} holds ${path}`,
        hint: 'wait for it to end, or end it.',
      });
    }
    await rm(path, { force: true });
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid < 1) return false;
  try {
    process.kill(pid, 0); // asks only
    return true;
  } catch (error) {
    return isErrno(error, 'EPERM');
  }
}

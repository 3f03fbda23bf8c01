import { open, readFile, rm, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** A lock whose process has written nothing for so long, ms, is taken for left behind. */
const ABANDONED = 120_000;
const POLL = 200;

/**
 * One process at a time fetches a file: waits for another one that does. Returns what gives the lock back. The
 * lock of a process that is gone is taken over.
 */
export async function lockDownload(
  part: string,
  signal: AbortSignal | undefined,
): Promise<() => Promise<void>> {
  const lock = `${part}.lock`;
  for (;;) {
    try {
      const file = await open(lock, 'wx');
      await file.writeFile(`${process.pid}`);
      await file.close();
      return () => rm(lock, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    if (await isAbandoned(lock, part)) await rm(lock, { force: true });
    else await sleep(POLL, undefined, { signal });
  }
}

async function isAbandoned(lock: string, part: string): Promise<boolean> {
  const pid = Number(await readFile(lock, 'utf8').catch(() => ''));
  const written = await Promise.all([lock, part].map((path) => stat(path).then((s) => s.mtimeMs, () => 0))); // prettier-ignore
  if (Date.now() - Math.max(...written) > ABANDONED) return true;
  return pid > 0 && !isAlive(pid);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

import { randomUUID } from 'node:crypto';
import { readdir, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Time in ms without writing after which a lock counts as left behind. */
const ABANDONED = 120_000;
const POLL = 200;

/** Claims of this process. A claim with its process id that is not among them is of an earlier process. */
const own = new Set<string>();

/**
 * Locks a download: one process at a time downloads a file, others wait. The lock of a process that ended is taken
 * over.
 *
 * Each process writes its own claim, holds the lock if no other claim exists then, and withdraws otherwise. If several
 * come at the same time, at most one holds it.
 *
 * @returns a function that releases the lock.
 */
export async function lockDownload(
  part: string,
  signal: AbortSignal | undefined,
): Promise<() => Promise<void>> {
  const id = randomUUID();
  const claim = `${part}.lock.${process.pid}.${id}`;
  const release = async (): Promise<void> => {
    await rm(claim, { force: true });
    own.delete(claim);
  };
  for (let turn = 1; ; turn++) {
    if (!(await isClaimed(part, claim))) {
      own.add(claim);
      await writeFile(claim, '', { flag: 'wx' });
      if (!(await isClaimed(part, claim))) return release;
      await release();
    }
    await sleep(POLL + ((parseInt(id, 16) * turn) % 97), undefined, { signal }); // different for each claim
  }
}

/** Whether another claim exists. Claims that were left behind are removed. */
async function isClaimed(part: string, claim: string): Promise<boolean> {
  const prefix = `${basename(part)}.lock.`;
  for (const name of await readdir(dirname(part))) {
    const other = join(dirname(part), name);
    if (!name.startsWith(prefix) || other === claim) continue;
    if (!(await isLeftBehind(other, Number(name.slice(prefix.length).split('.')[0]), part))) return true;
    await rm(other, { force: true });
  }
  return false;
}

async function isLeftBehind(other: string, pid: number, part: string): Promise<boolean> {
  if (pid === process.pid ? !own.has(other) : !isAlive(pid)) return true;
  const written = await Promise.all([other, part].map((path) => stat(path).then((s) => s.mtimeMs, () => 0))); // prettier-ignore
  return Date.now() - Math.max(...written) > ABANDONED;
}

function isAlive(pid: number): boolean {
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

import { randomUUID } from 'node:crypto';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AncError } from '@anc/core';

/** Claims of this process. A claim with its process id that is not among them is of an earlier process. */
const own = new Set<string>();

const ATTEMPTS = 4;

/**
 * Locks a run folder against other processes, and takes over the lock of a process that crashed.
 *
 * A process that wants the folder writes a claim, its own file beside `path`, and holds the lock if no other claim of a
 * living process exists then. If two come at once, at most one holds it; both may withdraw and try again after different
 * pauses. The claim of a living process is never removed by another one.
 *
 * @returns a function that releases the lock.
 * @throws `ANC_RUN_BUSY` while another process holds it.
 */
export async function lock(path: string): Promise<() => Promise<void>> {
  const id = randomUUID();
  const claim = `${path}.${process.pid}.${id}`;
  const release = async (): Promise<void> => {
    await rm(claim, { force: true });
    own.delete(claim);
  };
  for (let attempt = 1; ; attempt++) {
    let rival = await otherClaim(path, claim);
    if (rival === null) {
      own.add(claim);
      await writeFile(claim, '', { flag: 'wx' });
      rival = await otherClaim(path, claim);
      if (rival === null) return release;
      await release();
    }
    if (attempt === ATTEMPTS) {
      throw new AncError('ANC_RUN_BUSY', 'another process is working in this run folder.', {
        received: `process ${rival} holds ${path}`,
        hint: 'wait for it to end, or end it.',
      });
    }
    await sleep(5 + ((parseInt(id, 16) * attempt) % 89)); // different for each claim
  }
}

/** Id of a living process with another claim, or null. Claims of processes that have ended are removed. */
async function otherClaim(path: string, claim: string): Promise<number | null> {
  const prefix = `${basename(path)}.`;
  for (const name of await readdir(dirname(path))) {
    const other = join(dirname(path), name);
    if (!name.startsWith(prefix) || other === claim) continue;
    const pid = Number(name.slice(prefix.length).split('.')[0]);
    if (pid === process.pid ? own.has(other) : isAlive(pid)) return pid;
    await rm(other, { force: true });
  }
  return null;
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid < 1) return false;
  try {
    process.kill(pid, 0); // signal 0 only tests whether the process exists
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

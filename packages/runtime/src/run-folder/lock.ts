import { randomUUID } from 'node:crypto';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AncError } from '@anc/core';

/** Claims of this process: one of its number that is not among them is of a process before it. */
const own = new Set<string>();

const ATTEMPTS = 4;

/**
 * Keeps a second process off a run folder. Throws `ANC_RUN_BUSY` while the first one lives; what a crash
 * left behind is taken over. Returns the release.
 *
 * Whoever wants the folder writes a claim, a file of its own beside `path`, and has the folder where no other claim of
 * a living process is then there. Of two that come at once at most one finds that; both may step back, and try again
 * after pauses of their own. Nobody ever removes the claim of one who lives.
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
    await sleep(5 + ((parseInt(id, 16) * attempt) % 89)); // everyone's own
  }
}

/** The process of a claim of another's that lives, or null. Claims of the dead are removed. */
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
    process.kill(pid, 0); // asks only
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

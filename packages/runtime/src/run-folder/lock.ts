import { randomUUID } from 'node:crypto';
import { access, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AncError } from '@anc/core';
import { shellQuoted } from '@anc/core/internal';
import { onDisk } from './disk-error.js';
import { startHeartbeat, STALE } from './heartbeat.js';
import { exists, isAlive, thisProcess, type ProcessIdentity } from './process-identity.js';
import { assertSelfContained, readRegular } from './regular-entries.js';
import { removeTemporary, temporaryName } from './temporary-name.js';

/** A lock that this process holds. */
export interface Lock {
  /** Throws `ANC_RUN_BUSY` where another process took it over: this one gave no sign of life for minutes. */
  assertHeld(): Promise<void>;
  /** Gives the lock up. */
  release(): Promise<void>;
}

const ATTEMPTS = 4;
const LOCK = '.lock';

/**
 * Locks a folder as `lock` does, and removes what killed processes left half-written in it.
 *
 * @throws `ANC_RUN_BUSY`; `ANC_RUN_UNWRITABLE` where something in it leads out of it.
 */
export async function lockFolder(folder: string): Promise<Lock> {
  const held = await lock(join(folder, LOCK));
  try {
    await assertSelfContained(folder);
    await removeTemporary(folder, undefined, true);
  } catch (error) {
    await held.release();
    throw error;
  }
  return held;
}

/** Whether a process holds the lock of a folder, or held it when it was killed. */
export const hasLock = async (folder: string): Promise<boolean> =>
  (await readdir(folder)).some((name) => name.startsWith(`${LOCK}.`));

/**
 * Locks a run folder against other processes, here, in other containers and on other machines, and takes over the lock of a
 * process that crashed.
 *
 * A process that wants the folder writes a claim, its own file beside `path`, and holds the lock if no other claim of a
 * living process exists then. If two come at once, at most one holds it; both may withdraw and try again after different
 * pauses. A claim names its process by host, system, id and start time, and its time of modification is renewed every ten
 * seconds. Whoever can see the process judges by that; others judge by the sign of life alone, and remove a claim
 * without one for two minutes: `assertHeld` tells a process that this happened to.
 *
 * @throws `ANC_RUN_BUSY` while another process holds it.
 */
export async function lock(path: string): Promise<Lock> {
  const id = randomUUID();
  const claim = `${path}.${process.pid}.${id}`;
  const text = `${JSON.stringify(thisProcess())}\n`;
  const withdraw = (): Promise<void> => rm(claim, { force: true });
  for (let attempt = 1; ; attempt++) {
    await onDisk(claim, text.length, () => writeClaim(path, claim, text));
    const rival = await otherClaim(path, claim);
    if (rival === null) break;
    await withdraw();
    if (attempt === ATTEMPTS) throw busyError(rival);
    await sleep(5 + ((parseInt(id, 16) * attempt) % 89)); // different for each claim
  }
  const stop = startHeartbeat(claim, text);
  return {
    async assertHeld() {
      const held = await access(claim).then(() => true, () => false); // prettier-ignore
      if (held) return;
      throw new AncError('ANC_RUN_BUSY', 'another process has taken over this run folder.', {
        expected: `the lock ${claim}, which is gone`,
        hint: 'this process gave no sign of life for minutes; the other one continues from the last checkpoint.',
      });
    },
    async release() {
      await stop();
      // What cannot be removed any more ages: not worth an error beside the one that is its cause.
      await withdraw().catch(() => undefined);
    },
  };
}

/** Under another name first, so that nobody reads half of it. */
async function writeClaim(path: string, claim: string, text: string): Promise<void> {
  const temporary = temporaryName(join(dirname(path), '.claim'));
  try {
    await writeFile(temporary, text, { flag: 'wx' });
    await rename(temporary, claim);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
}

/** A claim of another process that may be alive. */
interface Rival {
  readonly path: string;
  /** Null in a claim of an earlier version, which names its process id alone. */
  readonly holder: ProcessIdentity | null;
  readonly pid: number;
  /** Milliseconds since its last sign of life. */
  readonly age: number;
}

/** Another claim of a process that may be alive, or null. Claims of processes that have ended are removed. */
async function otherClaim(path: string, claim: string): Promise<Rival | null> {
  const prefix = `${basename(path)}.`;
  const { mtimeMs: now } = await stat(claim); // by the clock of the file system, which all machines share
  for (const name of await readdir(dirname(path))) {
    const other = join(dirname(path), name);
    if (!name.startsWith(prefix) || other === claim) continue;
    const rival = await rivalIn(other, Number(name.slice(prefix.length).split('.')[0]), now);
    if (rival === null) continue; // released meanwhile
    if (mayBeAlive(rival)) return rival;
    await rm(other, { force: true });
  }
  return null;
}

async function rivalIn(path: string, pid: number, now: number): Promise<Rival | null> {
  try {
    const [text, { mtimeMs }] = [(await readRegular(path)).toString('utf8'), await stat(path)];
    return { path, pid, holder: identityIn(text), age: now - mtimeMs };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function identityIn(text: string): ProcessIdentity | null {
  try {
    const { pid, host, space, started } = JSON.parse(text) as Record<string, unknown>;
    if (typeof pid !== 'number' || typeof host !== 'string') return null;
    const textOrNull = (value: unknown): string | null => (typeof value === 'string' ? value : null);
    return { pid, host, space: textOrNull(space), started: textOrNull(started) };
  } catch {
    return null;
  }
}

function mayBeAlive({ pid, holder, age }: Rival): boolean {
  if (holder === null) return pid !== process.pid && exists(pid); // an earlier version's: not of this process
  const alive = isAlive(holder);
  return alive ?? age < STALE;
}

function busyError({ path, pid, holder, age }: Rival): AncError {
  const seconds = Math.max(0, Math.round(age / 1000));
  const received =
    holder === null
      ? `process ${pid} holds ${path}`
      : `process ${pid} on ${holder.host} holds ${path}, last sign of life ${seconds} s ago`;
  const visible = holder !== null && holder.started !== null && holder.space === thisProcess().space;
  return new AncError('ANC_RUN_BUSY', 'another process is working in this run folder.', {
    received,
    hint:
      holder === null
        ? `wait until it has finished; if no run is going on in this folder, remove ${shellQuoted(path)}.`
        : visible
          ? 'wait until it has finished.'
          : `wait until it has finished; a lock without a sign of life for ${STALE / 1000} s is taken over.`,
  });
}

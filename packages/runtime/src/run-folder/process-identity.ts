import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** Which process holds a lock: process ids come again, in other containers and after a restart. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly host: string;
  /** Where process ids mean the same: the running system and its namespace of process ids. Null where it is not known. */
  readonly space: string | null;
  /** When it started, in the kernel's clock ticks since the system's start; null where it is not known. */
  readonly started: string | null;
}

/** Linux has these in /proc; elsewhere host and process id must do. */
function spaceHere(): string | null {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return process.platform === 'linux' ? null : `host ${hostname()}`;
  }
}

/** State and start time of a process, from /proc (proc_pid_stat(5): fields 3 and 22); null where there is no such file. */
function statOf(pid: number): { readonly state: string; readonly started: string } | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' '); // the name before may hold anything
    return { state: fields[0]!, started: fields[19]! };
  } catch {
    return null;
  }
}

let own: ProcessIdentity | null = null;

export const thisProcess = (): ProcessIdentity =>
  (own ??= {
    pid: process.pid,
    host: hostname(),
    space: spaceHere(),
    started: statOf(process.pid)?.started ?? null,
  });

/** Whether a process is alive; null where that cannot be seen from here: on another machine, in another container, without /proc. */
export function isAlive({ pid, space, started }: ProcessIdentity): boolean | null {
  if (space === null || space !== thisProcess().space) return null;
  if (!exists(pid)) return false;
  const found = statOf(pid);
  if (found === null || started === null) return null; // the id may be another process's by now
  return found.started === started && found.state !== 'Z' && found.state !== 'X';
}

/** Whether there is a process of that id here. */
export function exists(pid: number): boolean {
  if (!Number.isInteger(pid) || pid < 1) return false;
  try {
    process.kill(pid, 0); // signal 0 only tests whether the process exists
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

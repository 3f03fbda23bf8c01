import { readdir, readFile, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isAncError } from '@anc/core';
import { makeFolder } from '@anc/core/internal';
import { lockFolder, writeFileAtomically, type Lock } from '@anc/runtime';

/** The folder of jobs in a folder of several runs. */
export const jobsFolder = (path: string): string => join(path, 'jobs');

/** The run folder of a job that trains. */
export const runOf = (folder: string, job: string): string => join(folder, job, 'run');

const FINISHED = 'finished.json';
const FAILED = 'failed.json';
/** An empty file whose time of modification is the current time. */
const TIME = '.time';

/** Why a job failed in some process. */
export interface JobFailure {
  readonly code: string;
  readonly message: string;
}

/**
 * Claims a job for this process: its folder is made and locked as run folders are, so that of several processes, on whichever
 * machines, one does it, and that a job of a process that died can be claimed again. Null while another process has it.
 */
export async function claim(folder: string, job: string): Promise<Lock | null> {
  const path = join(folder, job);
  try {
    await makeFolder(path);
    return await lockFolder(path);
  } catch (error) {
    if (isAncError(error) && error.code === 'ANC_RUN_BUSY') return null;
    if (isGone(error)) return null; // another process has made the report and removed the jobs
    throw error;
  }
}

function isGone(error: unknown): boolean {
  const { code, detail } = error as {
    readonly code?: string;
    readonly detail?: { readonly cause?: unknown };
  };
  return code === 'ENOENT' || (detail?.cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
}

/** Takes back a claim of what was finished meanwhile: no folder of it stays. */
export async function withdraw(folder: string, job: string, lock: Lock): Promise<void> {
  await lock.release();
  await rmdir(join(folder, job)).catch(() => undefined); // where it holds anything, it stays
  await rm(join(folder, TIME), { force: true });
  await rmdir(folder).catch(() => undefined);
}

/** What a finished job left; null where it is not finished. */
export async function finishedJob<R extends object>(folder: string, job: string): Promise<R | null> {
  return readJson<R>(join(folder, job, FINISHED));
}

export const writeFinished = (folder: string, job: string, content: object): Promise<void> =>
  writeFileAtomically(join(folder, job, FINISHED), `${JSON.stringify(content, null, 2)}\n`);

/** Tells the other processes that a job failed: they do not try it as well. */
export async function writeFailed(folder: string, job: string, failure: JobFailure): Promise<void> {
  await writeFileAtomically(join(folder, job, FAILED), `${JSON.stringify(failure, null, 2)}\n`);
}

/** Why a job failed since a moment, in milliseconds by the clock of the file system; null where it did not. */
export async function failedSince(folder: string, job: string, since: number): Promise<JobFailure | null> {
  const path = join(folder, job, FAILED);
  const found = await stat(path).catch(() => null);
  return found === null || found.mtimeMs < since ? null : readJson<JobFailure>(path);
}

/** The time by the clock of the file system, which all processes share. */
export async function fileTime(folder: string): Promise<number> {
  await makeFolder(folder);
  const path = join(folder, TIME);
  await writeFile(path, '');
  return (await stat(path)).mtimeMs;
}

/**
 * Whether processes have begun to share work, and its results are not brought together yet.
 *
 * @param prefix start of the names of the jobs that are meant.
 */
export async function areJobsOpen(folder: string, prefix: string): Promise<boolean> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.startsWith(prefix));
  return (
    names.some((name) => !name.startsWith('.')) && (await finishedJob(folder, `${prefix}${REPORT}`)) === null
  );
}

/** Name of the job that brings the results together. */
export const REPORT = 'report';

/**
 * Forgets the jobs, when their results are where they belong. `kept`: that the report was made, for processes that are still
 * there and would try again what diverged.
 */
export async function closeJobs(folder: string, report: string, kept: boolean): Promise<void> {
  if (!(await areJobsOpen(folder, ''))) return;
  if (!kept) return removeJobs(folder);
  await makeFolder(join(folder, report));
  await writeFinished(folder, report, {});
  for (const name of await readdir(folder)) {
    if (name !== report) await rm(join(folder, name), { recursive: true, force: true });
  }
}

/** Begins anew. */
export const removeJobs = (folder: string): Promise<void> => rm(folder, { recursive: true, force: true });

async function readJson<R>(path: string): Promise<R | null> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as R;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

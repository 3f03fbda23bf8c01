import { setTimeout as sleep } from 'node:timers/promises';
import { AncError, isAncError } from '@anc/core';
import { afterWorkBegan } from '../events/work-error.js';
import { claim, failedSince, fileTime, withdraw, writeFailed, type JobFailure } from './claims.js';
import type { Job, JobCall, JobPlan } from './job.js';

/** How a process takes its part in a plan. */
export interface WorkCall extends JobCall {
  /** Its number among the processes: they begin with different jobs. */
  readonly index?: number;
  /** Jobs that are left to others. */
  readonly leaves?: (job: Job) => boolean;
}

/** Milliseconds between two looks at jobs that others have: the first, and the most. */
const PAUSE = { first: 200, most: 5000 };

/**
 * Takes one job after the other until none is left: those whose requirements are finished and that no living process has. Where
 * others have the rest, waits for what they make possible, or leave behind. A job that fails is not tried again by any of the
 * processes that work now; the others are done nevertheless.
 *
 * @returns false where the signal was aborted
 * @throws the error of the first job that failed, when no other is left that can be done
 */
export async function work(plan: JobPlan, call: WorkCall): Promise<boolean> {
  const { signal, emit, index = 0, leaves = () => false } = call;
  if (await plan.isComplete()) return true; // nothing is left in the folder of such a plan
  const began = await fileTime(plan.folder);
  const errors = new Map<string, unknown>();
  let pause = PAUSE.first;
  let hasFinished = false;
  for (;;) {
    if (signal.aborted) return false;
    if (await plan.isComplete()) return true;
    const jobs = (await plan.jobs()).filter((job) => !leaves(job));
    const open = jobs.filter(({ finished }) => !finished);
    if (hasFinished && jobs.length > 1)
      emit({ type: 'message', message: `jobs finished: ${jobs.length - open.length} of ${jobs.length}` });
    if (hasFinished && open.length > 0) await plan.show?.();
    hasFinished = false;
    if (open.length === 0) return true;
    const failures = await failuresOf(open, plan, began);
    const possible = withoutBlocked(open, new Set([...errors.keys(), ...failures.keys()]));
    if (possible.length === 0) throw afterWorkBegan(errorOf(errors, failures));
    const missing = new Set(open.map(({ name }) => name));
    const ready = possible.filter(({ after }) => !after.some((name) => missing.has(name)));
    const taken = await takeOne(plan, rotated(ready, index), call, errors);
    if (taken === 'interrupted') return false;
    if (taken === 'nothing') {
      await sleep(pause, undefined, { signal }).catch(() => undefined);
      pause = Math.min(PAUSE.most, 1.5 * pause);
    } else {
      pause = PAUSE.first;
      hasFinished = taken === 'finished';
    }
  }
}

/** Does the first of some jobs that can be claimed. */
async function takeOne(
  plan: JobPlan,
  ready: readonly Job[],
  call: WorkCall,
  errors: Map<string, unknown>,
): Promise<'finished' | 'failed' | 'interrupted' | 'nothing'> {
  for (const { name } of ready) {
    const lock = await claim(plan.folder, name);
    if (lock === null) continue;
    // Another process may have finished everything since the jobs were listed, or this one.
    if (await plan.isComplete()) {
      await withdraw(plan.folder, name, lock);
      return 'nothing';
    }
    try {
      const job = (await plan.jobs()).find((one) => one.name === name);
      if (job === undefined || job.finished) continue;
      return (await job.run(call)) ? 'finished' : 'interrupted';
    } catch (error) {
      if (isBusy(error)) continue; // a process that works alone in the same folder
      if (call.signal.aborted) return 'interrupted';
      errors.set(name, error);
      await writeFailed(plan.folder, name, failureOf(error)).catch(() => undefined);
      call.emit({ type: 'notice', message: `${name} failed: ${failureOf(error).message}` });
      return 'failed';
    } finally {
      await lock.release();
    }
  }
  return 'nothing';
}

const isBusy = (error: unknown): boolean => isAncError(error) && error.code === 'ANC_RUN_BUSY';

const failureOf = (error: unknown): JobFailure =>
  isAncError(error)
    ? { code: error.code, message: error.message }
    : { code: 'ANC_INTERNAL', message: error instanceof Error ? error.message : String(error) };

/** The same jobs from another one on. */
const rotated = <T>(all: readonly T[], index: number): readonly T[] => {
  const from = all.length === 0 ? 0 : index % all.length;
  return [...all.slice(from), ...all.slice(0, from)];
};

/** Which of the jobs failed in processes that work now. */
async function failuresOf(
  open: readonly Job[],
  { folder }: JobPlan,
  began: number,
): Promise<Map<string, JobFailure>> {
  const found = await Promise.all(
    open.map(async ({ name }) => [name, await failedSince(folder, name, began)] as const),
  );
  return new Map(found.flatMap(([name, failure]) => (failure === null ? [] : [[name, failure] as const])));
}

/** Those of the jobs that did not fail and need none that did. */
function withoutBlocked(open: readonly Job[], failed: ReadonlySet<string>): readonly Job[] {
  const blocked = new Set(failed);
  for (let before = -1; before < blocked.size;) {
    before = blocked.size;
    for (const { name, after } of open) if (after.some((one) => blocked.has(one))) blocked.add(name);
  }
  return open.filter(({ name }) => !blocked.has(name));
}

/** The error of a job that failed here; else what another process wrote of one. */
function errorOf(errors: ReadonlyMap<string, unknown>, failures: ReadonlyMap<string, JobFailure>): unknown {
  for (const error of errors.values()) return error;
  const [[name, { code, message }] = ['', { code: 'ANC_JOB', message: '' }]] = failures;
  return new AncError('ANC_JOB', `the job ${name} failed in another process: ${message}`, {
    received: code,
    hint: 'see the output of that process; when the cause is removed, start again: finished jobs are kept.',
  });
}

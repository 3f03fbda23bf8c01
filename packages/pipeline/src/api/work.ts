import { join, resolve } from 'node:path';
import { AncError } from '@anc/core';
import { bringTogether } from '../compare/execute.js';
import { exists, readRecord, RECORD as COMPARISON } from '../compare/folder.js';
import { comparisonJobs } from '../compare/jobs.js';
import type { Emit } from '../events/events.js';
import { ifMissing, lostRecord } from '../files/missing-record.js';
import type { Job, JobCall, JobPlan } from '../jobs/job.js';
import { work as workOn } from '../jobs/work.js';
import { executeReproduction } from '../reproduce/execute.js';
import { readReproduction, RECORD as REPRODUCTION } from '../reproduce/folder.js';
import { reproductionJobs } from '../reproduce/jobs.js';
import { writePartialPage } from '../several/render-several.js';
import { shownPath } from '../text/shown-path.js';
import { RECORD as TUNING } from '../tune/folder.js';
import { interruptedError } from './interrupted-error.js';
import { assertGroup, assertPath } from './known-options.js';
import { RunHandle } from './run-handle.js';
import { continuedCall, type ContinueOptions } from './runs-folder.js';
import { tuningPlan } from './tuning-plan.js';

/**
 * Takes part in a comparison, tuning or reproduction: trains what no other process has taken, until nothing is left, and makes
 * the report where it is the last one. Any number of processes on any number of machines may do so in one folder, which all of
 * them see: that of a comparison, tuning or reproduction that was begun, or that `anc-cli sweep` made. Throws like `distill`.
 */
export function work(folder: string, options: WorkOptions = {}): RunHandle<WorkResult> {
  return new RunHandle(async (emit) => {
    const result = await workIn(folder, options, emit);
    if (result === null) throw interruptedError(`work('${folder}') continues it`);
    return result;
  });
}

/** Options of a process that takes jobs. */
export interface WorkOptions extends ContinueOptions {
  /** Its number among the processes, from 0: they begin with different jobs. Default: 0. */
  readonly index?: number;
}

/** What a process has done when no job is left. */
export interface WorkResult {
  /** The folder. */
  readonly folder: string;
  /** What is made in it: its command. */
  readonly kind: 'compare' | 'tune' | 'reproduce';
  /** The document of the finished work. */
  readonly document: string;
}

/** The same for a process that was started by another one. */
export interface InnerWork extends WorkOptions {
  /** Whether the report is left to another process. */
  readonly leavesReport?: boolean;
}

/** Takes jobs of a folder until none is left. Returns false where the signal was aborted. */
export async function workIn(folder: string, options: InnerWork, emit: Emit): Promise<WorkResult | null> {
  assertPath(folder, 'folder');
  assertGroup(options, []);
  const signal = options.signal ?? new AbortController().signal;
  const { kind, plan } = await planOf(folder, options, emit, signal);
  const leaves = ({ isReport }: Job): boolean => options.leavesReport === true && isReport === true;
  try {
    const call = { emit, signal, leaves, ...(options.index !== undefined && { index: options.index }) };
    if (!(await workOn({ ...plan, show: () => showFinished(folder, options) }, call))) return null;
  } finally {
    await plan.close?.();
  }
  return { folder, kind, document: join(folder, `${kind}.json`) };
}

/** Writes a page of what is finished. Where that fails, the next training or the report writes it. */
async function showFinished(folder: string, { cwd = process.cwd() }: InnerWork): Promise<void> {
  const path = resolve(cwd, folder);
  await writePartialPage(path, shownPath(path, cwd)).catch(() => undefined);
}

interface FoundPlan {
  readonly kind: WorkResult['kind'];
  readonly plan: JobPlan;
}

async function planOf(
  folder: string,
  options: InnerWork,
  emit: Emit,
  signal: AbortSignal,
): Promise<FoundPlan> {
  const path = resolve(options.cwd ?? process.cwd(), folder);
  for (const [kind, record] of RECORDS) {
    if (!(await exists(join(path, record)))) {
      const lost = await lostRecord(path, record);
      if (lost !== null) throw lost;
    } else return { kind, ...(await PLANS[kind](path, options, emit, signal)) };
  }
  throw new AncError('ANC_JOB_FOLDER', `"${folder}" has no jobs.`, {
    expected: 'the folder of a comparison, a tuning or a reproduced table',
    ...(await ifMissing(path)),
    hint: 'anc-cli sweep makes such a folder; so do compare, tune and reproduce.',
  });
}

const RECORDS = [
  ['compare', COMPARISON],
  ['tune', TUNING],
  ['reproduce', REPRODUCTION],
] as const;

type Kind = WorkResult['kind'];
type MakePlan = (
  path: string,
  options: InnerWork,
  emit: Emit,
  signal: AbortSignal,
) => Promise<Omit<FoundPlan, 'kind'>>;

const PLANS: Readonly<Record<Kind, MakePlan>> = {
  async compare(path, options, emit, signal) {
    const call = continuedCall(path, options);
    const record = await readRecord(path, call.changes);
    const comparison = { ...call, record, given: [], emit, signal };
    return {
      plan: comparisonJobs({
        comparison,
        report: async (now) => (await bringTogether({ ...comparison, ...now })) !== null,
      }),
    };
  },
  async reproduce(path, options, emit, signal) {
    const call = continuedCall(path, options);
    const reproduction = await readReproduction(path, call.changes);
    const execution = { ...call, reproduction, emit, signal };
    const report = async (now: JobCall): Promise<boolean> =>
      (await executeReproduction({ ...execution, ...now })) !== null;
    return { plan: reproductionJobs(execution, report) };
  },
  tune: (path, options, emit) => tuningPlan(path, options, emit),
};

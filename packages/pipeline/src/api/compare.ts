import type { CompareResult } from '../compare/documents.js';
import { divergedComparison } from '../compare/diverged-error.js';
import { executeComparison } from '../compare/execute.js';
import type { Comparison } from '../compare/seed-run.js';
import { afterWorkBegan } from '../events/work-error.js';
import { readRecord, type CompareRecord } from '../compare/folder.js';
import { noTestImages } from '../data/require-test-images.js';
import { NO_IMAGES } from '../options/generated-presets.js';
import { refuseRunOnly } from '../options/run-only.js';
import { isGiven } from '../options/given-model.js';
import { datasetLabel } from '../options/folder-dataset.js';
import { anchored } from '../run/start.js';
import { continuedProcesses, processesOf, withJobs, type JobsOption } from './job-processes.js';
import { interruptedError } from './interrupted-error.js';
import { assertGroup } from './known-options.js';
import { RunHandle } from './run-handle.js';
import { runRequest, type RunInput, type RunRequest } from './run-input.js';
import { continuedCall, newRunsFolder, placedIn, seedsFrom, type ContinueOptions } from './runs-folder.js';

export interface CompareOptions extends RunInput, JobsOption {
  /** How many seeds, counted from `seed`; default: 3. */
  readonly seeds?: number;
  /** The folder to create; default: the first free `runs/compare-<dataset>-<n>`. */
  readonly folder?: string;
}

/**
 * Compares several methods over several seeds with one teacher: means, paired differences and their intervals. Each seed
 * is a run in the folder. Throws like `distill`.
 */
export function compare(options: CompareOptions): RunHandle<CompareResult> {
  return new RunHandle(async (emit) => {
    assertGroup(options, []);
    const own = { seeds: true, folder: true, jobs: true } as const;
    const request = placedIn(options.folder, await runRequest(options, own, emit));
    const processes = processesOf(options, request, options);
    const comparison = await newComparison(request, options.seeds ?? 3, options.jobs);
    return finish({ ...comparison, processes }, options.signal, emit);
  });
}

/** Options of `resumeComparison`. */
export interface ResumeComparisonOptions extends ContinueOptions, JobsOption {
  /** How many seeds from now on, counted from the first one; default: as many as before. Runs of finished seeds are read. */
  readonly seeds?: number;
}

/** Continues an interrupted comparison, or one that gets more seeds; a finished one is read. */
export function resumeComparison(
  folder: string,
  options: ResumeComparisonOptions = {},
): RunHandle<CompareResult> {
  return new RunHandle(async (emit) => {
    const call = continuedCall(folder, options);
    const record = await comparisonToResume(call.path, call.changes, options.seeds);
    const processes = continuedProcesses(options, call);
    return finish({ ...call, record, given: [], processes }, options.signal, emit);
  });
}

/**
 * The record of a comparison to resume, with another number of seeds where one is given, counted from the first one. Throws like
 * `readRecord`, and `ANC_CONFIG` for a wrong number.
 */
export async function comparisonToResume(
  path: string,
  changes: Readonly<Record<string, unknown>>,
  count?: number,
): Promise<CompareRecord> {
  const record = await readRecord(path, changes);
  return count === undefined ? record : { ...record, seeds: seedsFrom(record.seeds[0]!, count) };
}

type Prepared = Omit<Comparison, 'emit' | 'signal'>;

/** Where a new comparison goes, and its record. `jobs`: how many trainings will go on at once. Throws `ANC_CONFIG`, `ANC_DATA_NONE`, `ANC_RUN_EXISTS`. */
export async function newComparison(
  { options, given, cwd, fetching, compose, openTeacher }: Omit<RunRequest, 'hasValues'>,
  count: number,
  jobs?: number,
): Promise<Prepared> {
  refuseRunOnly('compare', options);
  const all = withJobs(anchored(options, cwd), jobs);
  const { output, data, training, teacher } = all;
  // Without a given teacher, one is trained on images, which students are measured on as well.
  if (data.dataset.name === NO_IMAGES && (openTeacher !== undefined || isGiven(teacher.model)))
    throw noTestImages(NO_IMAGES);
  const seeds = seedsFrom(training.seed, count);
  const path = await newRunsFolder(output, cwd, `compare-${datasetLabel(data.dataset, data.directory, cwd)}`);
  return {
    path,
    cwd,
    fetching,
    compose,
    changes: {},
    given,
    record: { options: all, seeds },
    ...(openTeacher && { openTeacher }),
  };
}

async function finish(
  prepared: Prepared,
  signal: AbortSignal | undefined,
  emit: Comparison['emit'],
): Promise<CompareResult> {
  const result = await executeComparison({
    ...prepared,
    emit,
    signal: signal ?? new AbortController().signal,
  });
  if (result === null) throw interruptedError(`resumeComparison('${prepared.path}') continues it`);
  const diverged = divergedComparison(result);
  if (diverged !== null) throw afterWorkBegan(diverged);
  return result;
}

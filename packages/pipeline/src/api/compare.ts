import { join, resolve } from 'node:path';
import { assertCreatable, freeName } from '@anc/runtime';
import type { CompareResult } from '../compare/documents.js';
import { divergedComparison } from '../compare/diverged-error.js';
import { executeComparison, type Comparison } from '../compare/execute.js';
import { afterWorkBegan } from '../events/work-error.js';
import { readRecord } from '../compare/folder.js';
import type { ResumeOptions as ResumeChanges } from '../options/record.js';
import { optionError } from '../options/option-error.js';
import { anchored, assertName } from '../run/start.js';
import { interruptedError } from './interrupted-error.js';
import { RunHandle } from './run-handle.js';
import {
  callOf,
  composeWith,
  inFolder,
  runRequest,
  type CallOptions,
  type RunInput,
  type RunRequest,
} from './run-input.js';

export interface CompareOptions extends RunInput {
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
    const request = await runRequest(options);
    const place = options.folder === undefined ? {} : inFolder(resolve(request.cwd, options.folder));
    const { options: all } = request;
    const placed = { ...request, options: { ...all, output: { ...all.output, ...place } } };
    return finish(await newComparison(placed, options.seeds ?? 3), options.signal, emit);
  });
}

/** Continues an interrupted comparison; a finished one is read. */
export function resumeComparison(
  folder: string,
  options: CallOptions & ResumeChanges = {},
): RunHandle<CompareResult> {
  return new RunHandle(async (emit) => {
    const { cwd, fetching } = callOf(options);
    const { dataDir, threads, backend, teacherBackend, studentBackend, checkpointMinutes } = options;
    const changes = { dataDir, threads, backend, teacherBackend, studentBackend, checkpointMinutes };
    const path = resolve(cwd, folder);
    const record = await readRecord(path, changes);
    const compose = composeWith(options.plugins ?? [], null, cwd);
    return finish({ path, cwd, fetching, changes, compose, record, given: [] }, options.signal, emit);
  });
}

type Prepared = Omit<Comparison, 'emit' | 'signal'>;

/** Where a new comparison goes, and its record. Throws `ANC_CONFIG`, `ANC_RUN_EXISTS`. */
export async function newComparison(
  { options, given, cwd, fetching, compose, openTeacher }: RunRequest,
  count: number,
): Promise<Prepared> {
  if (!Number.isInteger(count) || count < 1) {
    throw optionError(['seeds'], 'expected a whole number of at least 1.', {
      received: String(count),
      hint: 'e.g. --seeds 5; intervals need 2 or more.',
    });
  }
  const all = anchored(options, cwd);
  const { output, data, training } = all;
  assertName(output);
  const parent = resolve(cwd, output.directory);
  const path = join(parent, output.name ?? (await freeName(parent, `compare-${data.dataset.name}`)));
  await assertCreatable(path);
  const seeds = Array.from({ length: count }, (_, i) => training.seed + i);
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

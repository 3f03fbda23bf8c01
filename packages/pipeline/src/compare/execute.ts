import { AncError } from '@anc/core';
import { encodeNumbers, shellQuoted } from '@anc/core/internal';
import { basename, dirname, join } from 'node:path';
import { Checksums, isLeftover, RunFolder, writeFileAtomically } from '@anc/runtime';
import type { RunResult } from '../events/documents.js';
import { scoped, type Emit } from '../events/events.js';
import { whileLocked, type FolderLock } from '../files/folder-lock.js';
import { lostRecord } from '../files/missing-record.js';
import { reportOrNotice } from '../files/report-or-notice.js';
import { isIncomplete, verifyRun } from '../files/verify.js';
import { afterWorkBegan } from '../events/work-error.js';
import type { OptionPath, RunOptions } from '../options/run-options.js';
import { requireTestImages } from '../data/require-test-images.js';
import type { Plan } from '../planning/plan.js';
import { closingWarnings } from '../run/closing-warnings.js';
import { executeRun } from '../run/execute.js';
import { readDocument } from '../run/read-document.js';
import { stoppedComparisonError } from '../run/stopped.js';
import { resumeRun, startRun, type ResumeRequest, type StartedRun } from '../run/start.js';
import { describeNamed } from '../text/named.js';
import { shownPath } from '../text/shown-path.js';
import type { SharedTeacherOutputs } from '../training/teacher-cache.js';
import type { CompareResult } from './documents.js';
import {
  assertSeedRun,
  copyTeacher,
  exists,
  RECORD,
  seedFolder,
  writeRecord,
  type CompareRecord,
} from './folder.js';
import { reportOf } from './report.js';
import { summarize, type ComparedSetup } from './summarize.js';

const DOCUMENT = 'compare.json';
const REPORT = 'report.html';

/** A comparison to run or to continue. */
export interface Comparison extends Pick<
  ResumeRequest,
  'path' | 'cwd' | 'emit' | 'changes' | 'compose' | 'fetching' | 'openTeacher' | 'acceptPlugins' | 'again'
> {
  readonly record: CompareRecord;
  /** Options that the caller set; empty for a continued comparison, whose runs have their own records. */
  readonly given: readonly OptionPath[];
  readonly signal: AbortSignal;
  /** Awaited when everything of a new comparison is checked, before anything is written. */
  readonly prepared?: () => Promise<void>;
}

/**
 * Executes one run per seed, each in its own folder. The first run trains the teacher, the others get a copy; finished
 * seeds are read. Returns null where the signal was aborted: the folder then continues from there.
 */
export async function executeComparison(comparison: Comparison): Promise<CompareResult | null> {
  const { path, cwd, emit } = comparison;
  const before = (await exists(join(path, DOCUMENT))) ? await readResult<CompareResult>(path) : null;
  if (before !== null && before.diverged === undefined && (await areRunsWhole(comparison))) {
    if (!(await exists(join(path, REPORT)))) await writePage(path, before, shownPath(path, cwd), emit);
    return before;
  }
  return whileLocked(path, RECORD, (lock) => compareSeeds(comparison, lock));
}

async function compareSeeds(comparison: Comparison, lock: FolderLock): Promise<CompareResult | null> {
  const { path, cwd, record, emit, signal } = comparison;
  const { seeds } = record;
  const isMade = await exists(join(path, RECORD));
  const shared: SharedTeacherOutputs = {};
  const results: RunResult[] = [];
  let first: First | null = null;
  for (const [i, seed] of seeds.entries()) {
    if (signal.aborted) return null;
    const folder = seedFolder(path, seed);
    if ((await exists(folder)) && !(await isLeftover(folder))) await assertSeedRun(folder, record, seed);
    if (i > 0 && first !== null && (await exists(join(folder, 'result.json')))) {
      const finished = await finishedRun(folder);
      if (finished !== null) {
        emit({ type: 'message', message: `seed ${seed}: finished before` });
        results.push(finished);
        continue;
      }
    }
    const run = await open(comparison, i, folder, first?.planned ?? null, async () => {
      if (i > 0 || isMade) return; // a process that made the folder may have been killed before its first run
      await comparison.prepared?.();
      await writeRecord(path, record);
      await lock.take();
    });
    try {
      requireTestImages(run.plan.data.test, run.plan.options.data.dataset.name);
      first ??= {
        setups: run.plan.students.map(setupOf),
        testImages: run.plan.data.test.images.count,
        planned: run.plan.options,
        warnings: closingWarnings(run.plan),
      };
      if (i > 0) await copyTeacher(await RunFolder.open(seedFolder(path, seeds[0]!)), run.folder);
      const result = await executeRun({
        ...run,
        emit: scoped(emit, `seed ${seed} (${i + 1} of ${seeds.length})`),
        signal,
        shared,
      });
      if (result === null) return null;
      if (isPart(result)) throw stoppedComparisonError(result);
      results.push(result);
    } catch (error) {
      throw afterWorkBegan(error);
    } finally {
      await run.release();
    }
  }
  const { setups, testImages, warnings } = first!;
  const summary = summarize(results, setups, shownPath(path, cwd), testImages, warnings);
  const encoded = JSON.stringify(encodeNumbers(summary), null, 2);
  await lock.assertHeld();
  await new Checksums(path).write(DOCUMENT, `${encoded}\n`);
  await writePage(path, summary, shownPath(path, cwd), emit);
  return summary;
}

const writePage = (path: string, result: CompareResult, shown: string, emit: Emit): Promise<void> =>
  reportOrNotice(
    () => writeFileAtomically(join(path, REPORT), reportOf(result)),
    shown,
    (message) => emit({ type: 'notice', message }),
  );

/** What the run of the first seed decides for all. */
interface First {
  readonly setups: ComparedSetup[];
  readonly testImages: number;
  /** Its options, with what planning chose: student, size of the images, adapters. */
  readonly planned: RunOptions;
  /** What a reader of the results must know. */
  readonly warnings: readonly string[];
}

/** Whether the runs behind a finished comparison are as it left them. One whose folder was removed as a whole is not missed. */
async function areRunsWhole({ path, record }: Comparison): Promise<boolean> {
  // The record of a comparison within a table is not read otherwise.
  if ((await new Checksums(path).readText(RECORD)) === null) {
    const lost = await lostRecord(path, RECORD);
    if (lost !== null) throw lost;
  }
  for (const seed of record.seeds) {
    const folder = seedFolder(path, seed);
    if (!(await exists(folder))) continue;
    await assertSeedRun(folder, record, seed);
    if ((await finishedRun(folder)) === null) return false;
  }
  return true;
}

/** The result of a run that needs no more work: all students are there, and whole. Throws `ANC_RUN_DAMAGED`. */
async function finishedRun(path: string): Promise<RunResult | null> {
  const folder = await RunFolder.open(path);
  await verifyRun(folder);
  const result = await folder.readDocument(['result.json'], (text) => readDocument<RunResult>(text));
  const isWhole = result !== null && result.diverged === undefined && !isPart(result);
  return isWhole && !(await isIncomplete(folder)) ? result : null;
}

/** Whether a hook stopped a run before all of its students were trained. */
const isPart = ({ notTrained = [] }: RunResult): boolean => notTrained.length > 0;

/** A seed's run: resumed where its folder exists. */
async function open(
  comparison: Comparison,
  index: number,
  folder: string,
  planned: RunOptions | null,
  prepared: () => Promise<void>,
): Promise<StartedRun> {
  const { path, cwd, record, given, changes, compose, fetching, openTeacher, acceptPlugins } = comparison;
  const { again = `anc-cli compare --resume ${shellQuoted(path)}` } = comparison;
  const emit: Emit = (event) => {
    if (event.type !== 'notice' || index === 0) comparison.emit(event); // every seed gives the same notices
  };
  const request = {
    cwd,
    emit,
    ...(fetching && { fetching }),
    ...(openTeacher && { openTeacher }),
  };
  if ((await exists(folder)) && !(await isLeftover(folder)))
    return resumeRun({ ...request, path: folder, changes, compose, acceptPlugins, again });
  const { seeds } = record;
  const options = planned ?? record.options;
  return startRun({
    ...request,
    given: planned === null ? given : [], // nothing is left to choose
    composition: await compose(options.plugins),
    options: {
      ...options,
      training: { ...options.training, seed: seeds[index]! },
      teacher: { ...options.teacher, seed: record.options.teacher.seed ?? seeds[0]! },
      data: { ...options.data, seed: record.options.data.seed ?? seeds[0]! },
      output: { directory: dirname(folder), name: basename(folder) },
    },
    prepared,
  });
}

const setupOf = ({ name, method, stages }: Plan['students'][number]): ComparedSetup => ({
  name,
  method: describeNamed(method),
  usesLabels: stages.some(({ usesLabels }) => usesLabels),
});

/** Throws `ANC_RUN_DAMAGED` where the file was cut. */
async function readResult<R>(path: string): Promise<R> {
  const text = await new Checksums(path).readText(DOCUMENT);
  try {
    return readDocument<R>(text ?? '');
  } catch (error) {
    const received = error instanceof Error ? error.message : String(error);
    throw new AncError('ANC_RUN_DAMAGED', `${join(path, DOCUMENT)} is damaged.`, {
      expected: 'a whole document',
      received,
      hint: 'remove it and resume the comparison: it is written again from the results of its runs.',
    });
  }
}

import { AncError, isAncError } from '@anc/core';
import { encodeNumbers } from '@anc/core/internal';
import { join } from 'node:path';
import { Checksums, hasLock, RunFolder, writeFileAtomically } from '@anc/runtime';
import type { RunResult } from '../events/documents.js';
import { scoped } from '../events/events.js';
import { whileLocked, type FolderLock } from '../files/folder-lock.js';
import { lostRecord } from '../files/missing-record.js';
import { reportOrNotice } from '../files/report-or-notice.js';
import { isIncomplete, verifyRun } from '../files/verify.js';
import { afterWorkBegan } from '../events/work-error.js';
import { areJobsOpen, closeJobs, removeJobs } from '../jobs/claims.js';
import type { Job } from '../jobs/job.js';
import { work } from '../jobs/work.js';
import type { RunOptions } from '../options/run-options.js';
import { requireTestImages } from '../data/require-test-images.js';
import type { Plan } from '../planning/plan.js';
import { closingWarnings } from '../run/closing-warnings.js';
import { executeRun } from '../run/execute.js';
import { readDocument } from '../run/read-document.js';
import { stoppedComparisonError } from '../run/stopped.js';
import { describeNamed } from '../text/named.js';
import { shownPath } from '../text/shown-path.js';
import type { SharedTeacherOutputs } from '../training/teacher-cache.js';
import { adoptStudents } from './adopt.js';
import type { CompareResult } from './documents.js';
import {
  assertSeedRun,
  copyTeacher,
  DOCUMENT,
  exists,
  RECORD,
  REPORT,
  RESULT,
  seedFolder,
  writeRecord,
} from './folder.js';
import { comparisonJobs, reportJob, trainTeacher } from './jobs.js';
import { reportOf } from './report.js';
import { takeSeeds } from './take-seeds.js';
import { isBegun, openRun, placeOf, scopeOf, type Comparison } from './seed-run.js';
import { summarize, type ComparedSetup } from './summarize.js';

/**
 * Executes one run per seed, each in its own folder. The first run trains the teacher, the others get a copy; finished
 * seeds are read. Where the folder was recorded with other seeds, it gets those of `comparison`. Several processes may share
 * the trainings; this one brings their results together. Returns null where the signal was aborted: the folder then continues
 * from there.
 */
export async function executeComparison(comparison: Comparison): Promise<CompareResult | null> {
  const { path } = comparison;
  await takeSeeds(comparison);
  const before = (await exists(join(path, DOCUMENT))) ? await readResult<CompareResult>(path) : null;
  if (before !== null && before.diverged === undefined && (await areRunsWhole(comparison))) {
    await tidyUp(comparison, before);
    return before;
  }
  const { folder, prefix } = placeOf(comparison);
  if (comparison.processes !== undefined || (await areJobsOpen(folder, prefix))) {
    if (before !== null) await removeJobs(folder); // those that diverged are trained again
    return (await trainInJobs(comparison)) ? reportInJobs(comparison) : null;
  }
  return bringTogether(comparison);
}

/** Trains everything in jobs, beside other processes, with those that the caller asked for. False: the signal was aborted. */
async function trainInJobs(comparison: Comparison): Promise<boolean> {
  const { path, emit, signal, processes } = comparison;
  const plan = comparisonJobs({ comparison, report: () => Promise.resolve(true) });
  if (!(await exists(join(path, RECORD)))) {
    if (!(await trainTeacher(comparison))) return false; // before a folder is made, everything is checked
  } else if (processes !== undefined) {
    const leaves = ({ after }: Job): boolean => after.length > 0;
    if (!(await work(plan, { emit, signal, leaves }))) return false; // the teacher, with all threads
  }
  return processes === undefined
    ? work(plan, { emit, signal, leaves: ({ isReport }) => isReport === true })
    : processes.run(path, { emit, signal });
}

/** Makes the report, unless another process does. Null: the signal was aborted. */
async function reportInJobs(comparison: Comparison): Promise<CompareResult | null> {
  const { path, emit, signal } = comparison;
  const made: CompareResult[] = [];
  const report = async (): Promise<boolean> => {
    const result = await bringTogether(comparison);
    if (result !== null) made.push(result);
    return result !== null;
  };
  if (!(await work(comparisonJobs({ comparison, report }), { emit, signal }))) return null;
  return made[0] ?? readResult<CompareResult>(path);
}

/** The result of a comparison whose models are trained, or are trained now. */
export const bringTogether = (comparison: Comparison): Promise<CompareResult | null> =>
  whileLocked(comparison.path, RECORD, (lock) => compareSeeds(comparison, lock));

async function compareSeeds(comparison: Comparison, lock: FolderLock): Promise<CompareResult | null> {
  const { path, cwd, record, emit, signal } = comparison;
  const { seeds } = record;
  const place = placeOf(comparison);
  const isMade = await exists(join(path, RECORD));
  const shared: SharedTeacherOutputs = {};
  const results: RunResult[] = [];
  let first: First | null = null;
  for (const [i, seed] of seeds.entries()) {
    if (signal.aborted) return null;
    const folder = seedFolder(path, seed);
    if (await isBegun(folder)) await assertSeedRun(folder, record, seed);
    if (i > 0 && first !== null && (await isClosed(folder))) {
      const finished = await finishedRun(folder);
      if (finished !== null) {
        emit({ type: 'message', message: `seed ${seed}: finished before` });
        results.push(finished);
        continue;
      }
    }
    const prepared = async (): Promise<void> => {
      if (i > 0 || isMade) return; // a process that made the folder may have been killed before its first run
      await comparison.prepared?.();
      await writeRecord(path, record);
      await lock.take();
    };
    const run = await openRun(comparison, { folder, index: i, planned: first?.planned ?? null, prepared });
    try {
      requireTestImages(run.plan.data.test, run.plan.options.data.dataset.name);
      first ??= {
        setups: run.plan.students.map(setupOf),
        testImages: run.plan.data.test.images.count,
        planned: run.plan.options,
        warnings: closingWarnings(run.plan),
      };
      if (i > 0) await copyTeacher(await RunFolder.open(seedFolder(path, seeds[0]!)), run.folder);
      const students = run.plan.students.map(({ name }) => name);
      const diverged = await adoptStudents(run.folder, place, seed, students);
      const scope = scopeOf(comparison, i);
      const result = await executeRun({ ...run, emit: scoped(emit, scope), signal, shared, diverged });
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
  await writePage(comparison, summary);
  await new Checksums(path).write(DOCUMENT, `${encoded}\n`); // after the page: where it is there, all is done
  if (comparison.place === undefined)
    await closeJobs(place.folder, reportJob(comparison), summary.diverged !== undefined);
  return summary;
}

const writePage = ({ path, cwd, emit }: Comparison, result: CompareResult): Promise<void> =>
  reportOrNotice(
    () => writeFileAtomically(join(path, REPORT), reportOf(result)),
    shownPath(path, cwd),
    (message) => emit({ type: 'notice', message }),
  );

/**
 * Does what is left of a finished comparison: writes a page that was removed, and removes the lock, jobs and half-written files
 * of a process that was killed after it wrote the document.
 */
async function tidyUp(comparison: Comparison, result: CompareResult): Promise<void> {
  const { path, cwd, emit, place } = comparison;
  const { folder, prefix } = placeOf(comparison);
  const hasReport = await exists(join(path, REPORT));
  const hasJobs = place === undefined && (await areJobsOpen(folder, prefix));
  const tidy = (): Promise<void> =>
    whileLocked(path, RECORD, async () => {
      if (!(await exists(join(path, DOCUMENT)))) return; // another process has given it other seeds meanwhile
      if (!hasReport) await writePage(comparison, result);
      if (hasJobs) await closeJobs(folder, reportJob(comparison), false);
    });
  if (!hasReport) {
    await reportOrNotice(tidy, shownPath(path, cwd), (message) => emit({ type: 'notice', message }));
  } else if (hasJobs || (await hasLock(path))) {
    await tidy().catch((error: unknown) => {
      if (!isAncError(error)) throw error; // another process is at work there, or it is read-only: all that matters is there
    });
  }
}

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

/** Whether a run has its result and its report, and no lock, which a killed process leaves. */
const isClosed = async (path: string): Promise<boolean> =>
  (await exists(join(path, RESULT))) && (await exists(join(path, REPORT))) && !(await hasLock(path));

/** The result of a run that needs no more work: all students are there, and whole. Throws `ANC_RUN_DAMAGED`. */
async function finishedRun(path: string): Promise<RunResult | null> {
  const folder = await RunFolder.open(path);
  await verifyRun(folder);
  const result = await folder.readDocument([RESULT], (text) => readDocument<RunResult>(text));
  const isWhole = result !== null && result.diverged === undefined && !isPart(result);
  return isWhole && !(await isIncomplete(folder)) ? result : null;
}

/** Whether a hook stopped a run before all of its students were trained. */
const isPart = ({ notTrained = [] }: RunResult): boolean => notTrained.length > 0;

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

import { join } from 'node:path';
import { Checksums, RunFolder } from '@anc/runtime';
import { requireTestImages } from '../data/require-test-images.js';
import { afterWorkBegan } from '../events/work-error.js';
import { scoped } from '../events/events.js';
import { finishedJob, REPORT, runOf, writeFinished } from '../jobs/claims.js';
import type { Job, JobCall, JobPlan } from '../jobs/job.js';
import { inheritModel } from '../jobs/moved-files.js';
import { resumedOptions } from '../options/record.js';
import { studentNames } from '../options/student-names.js';
import { asBegun } from '../run/as-begun.js';
import { foundPlugins } from '../run/compare-plugins.js';
import { executeStudents, executeTeacher } from '../run/execute.js';
import { readDocument } from '../run/read-document.js';
import { studentJob, type StudentOutcome } from './adopt.js';
import type { CompareResult } from './documents.js';
import {
  assertSeedRun,
  copyTeacher,
  DOCUMENT,
  exists,
  RECORD,
  RESULT,
  seedFolder,
  writeRecord,
} from './folder.js';
import { firstFolder, isBegun, openRun, placeOf, scopeOf, type Comparison } from './seed-run.js';

/** The jobs of a comparison, and what they need to run. */
export interface ComparisonJobs {
  readonly comparison: Comparison;
  /** Brings the results together. Returns false where the signal was aborted. */
  readonly report: (call: JobCall) => Promise<boolean>;
}

/** The name of the job that brings the results together. */
export const reportJob = (comparison: Comparison): string => `${placeOf(comparison).prefix}${REPORT}`;

/**
 * The jobs of a comparison: the teacher, then one student per method and seed, each in a run folder of its own, then the
 * report, which moves the students into the run folders of their seeds.
 */
export function comparisonJobs({ comparison, report }: ComparisonJobs): JobPlan {
  const { record } = comparison;
  const place = placeOf(comparison);
  const students = studentNames(record.options.methods);
  const teacher = `${place.prefix}teacher`;
  const trainings = record.seeds.flatMap((seed, index) =>
    students.map((student) => ({ name: studentJob(place, seed, student), seed, index, student })),
  );
  return {
    folder: place.folder,
    isComplete: () => isComplete(comparison),
    async jobs(): Promise<Job[]> {
      const hasTeacher = await exists(join(firstFolder(comparison), 'teacher', RESULT));
      const trained = await Promise.all(
        trainings.map(
          async ({ name, seed, student }) =>
            (await finishedJob(place.folder, name)) !== null ||
            (await exists(join(seedFolder(comparison.path, seed), 'student', student, RESULT))),
        ),
      );
      return [
        {
          name: teacher,
          after: [],
          finished: hasTeacher,
          run: (call) => trainTeacher({ ...comparison, ...call }),
        },
        ...trainings.map(({ name, ...training }, i) => ({
          name,
          after: [teacher],
          finished: trained[i]!,
          run: (call: JobCall) => trainStudent({ ...comparison, ...call }, training),
        })),
        {
          name: reportJob(comparison),
          after: trainings.map(({ name }) => name),
          finished: await isComplete(comparison),
          isReport: true,
          run: report,
        },
      ];
    },
  };
}

/** Whether the document is there, and not one of trainings that diverged and are tried again. */
async function isComplete(comparison: Comparison): Promise<boolean> {
  const text = await new Checksums(comparison.path).readText(DOCUMENT).catch(() => null);
  if (text === null) return false;
  const { diverged } = readDocument<CompareResult>(text);
  return (
    diverged === undefined || (await finishedJob(placeOf(comparison).folder, reportJob(comparison))) !== null
  );
}

/** Opens the run of the first seed, which checks everything, and trains the teacher in it, or evaluates the given one. */
export async function trainTeacher(comparison: Comparison): Promise<boolean> {
  const run = await openFirst(comparison);
  try {
    requireTestImages(run.plan.data.test, run.plan.options.data.dataset.name);
    const emit = scoped(comparison.emit, scopeOf(comparison, 0));
    return (await executeTeacher({ ...run, emit, signal: comparison.signal })) !== null;
  } catch (error) {
    throw afterWorkBegan(error);
  } finally {
    await run.release();
  }
}

/** Makes the folder of a comparison and of its first run, when everything is checked. */
export async function prepareComparison(comparison: Comparison): Promise<void> {
  const run = await openFirst(comparison);
  try {
    requireTestImages(run.plan.data.test, run.plan.options.data.dataset.name);
  } finally {
    await run.release();
  }
}

async function openFirst(comparison: Comparison) {
  const { path, record } = comparison;
  const folder = firstFolder(comparison);
  if (await isBegun(folder)) await assertSeedRun(folder, record, record.seeds[0]!);
  return openRun(comparison, {
    folder,
    index: 0,
    planned: null,
    prepared: async () => {
      if (await exists(join(path, RECORD))) return;
      await comparison.prepared?.();
      await writeRecord(path, record);
    },
  });
}

interface StudentTraining {
  readonly seed: number;
  readonly index: number;
  readonly student: string;
}

/** Trains one student in the run folder of its job. */
async function trainStudent(
  comparison: Comparison,
  { seed, index, student }: StudentTraining,
): Promise<boolean> {
  const { path, changes, record, emit, signal } = comparison;
  const place = placeOf(comparison);
  const job = studentJob(place, seed, student);
  const first = await RunFolder.open(firstFolder(comparison));
  const own = resumedOptions(changes, await first.readConfig());
  const composition = await comparison.compose(own.plugins, await foundPlugins(first));
  const planned = await asBegun(own, first, composition);
  const run = await openRun(comparison, {
    folder: runOf(place.folder, job),
    index,
    planned,
    only: [student],
  });
  try {
    await copyTeacher(first, run.folder);
    const alone = seedFolder(path, seed);
    if (await isBegun(alone)) await inheritModel(await RunFolder.open(alone), run.folder, student);
    const diverged = await executeStudents({
      ...run,
      emit: scoped(emit, scopeOf(comparison, index)),
      signal,
      among: studentNames(record.options.methods),
    });
    if (diverged === null) return false;
    const outcome: StudentOutcome = { diverged: diverged[0] ?? null };
    await writeFinished(place.folder, job, outcome);
    return true;
  } catch (error) {
    throw afterWorkBegan(error);
  } finally {
    await run.release();
  }
}

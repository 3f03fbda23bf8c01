import { join } from 'node:path';
import { RunFolder } from '@anc/runtime';
import type { DivergedStudent } from '../events/documents.js';
import { placeOf as placeOfModel } from '../files/verify.js';
import { finishedJob, runOf } from '../jobs/claims.js';
import type { JobsPlace } from '../jobs/job.js';
import { copyCheckpoints, copyEvents, copyRecords } from '../jobs/moved-files.js';
import { copyModel, exists, RESULT } from './folder.js';

/** What a job leaves that trained a student. */
export interface StudentOutcome {
  /** Null where the student has a result. */
  readonly diverged: DivergedStudent | null;
}

/** Name of the job that trains a student with a seed. */
export const studentJob = ({ prefix }: Pick<JobsPlace, 'prefix'>, seed: number, student: string): string =>
  `${prefix}seed-${seed}-${student}`;

/**
 * Brings what jobs trained into the run folder of their seed, in the order of the students: weights, results, the lines of
 * metrics.jsonl, event files. What is there already stays. Returns the students that diverged, by name.
 */
export async function adoptStudents(
  to: RunFolder,
  place: JobsPlace,
  seed: number,
  students: readonly string[],
): Promise<ReadonlyMap<string, DivergedStudent>> {
  const diverged = new Map<string, DivergedStudent>();
  for (const student of students) {
    const job = studentJob(place, seed, student);
    const outcome = await finishedJob<StudentOutcome>(place.folder, job);
    const folder = runOf(place.folder, job);
    if (outcome === null || !(await exists(folder))) continue;
    if (outcome.diverged !== null) diverged.set(student, outcome.diverged);
    if (await exists(join(to.path, ...placeOfModel(student), RESULT))) continue;
    const from = await RunFolder.open(folder);
    await copyRecords(from, to, student);
    await copyEvents(from, to, job);
    await copyModel(from, to, placeOfModel(student));
    // A student that diverged is continued from its checkpoints, and one that a hook stopped may be.
    await copyCheckpoints(from, to, student);
  }
  return diverged;
}

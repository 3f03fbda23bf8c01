import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { earlierStudentNames, studentNames } from '../options/student-names.js';
import type { PlannedModel } from '../planning/plan.js';

interface Folder {
  readonly path: string;
}

/** Names of students in a run folder: those of today, or those that an earlier version gave them there. */
export async function recordedNames(
  methods: readonly { readonly name: string }[],
  { path }: Folder,
): Promise<string[]> {
  const earlier = earlierStudentNames(methods);
  return await Promise.all(
    studentNames(methods).map(async (today, i) => {
      const name = earlier[i]!;
      const places = [
        ['student', name],
        ['checkpoints', name],
        ['tries', `${name}-try-1.json`], // of a tuning
        ['checkpoints', `${name}-try-1`],
      ];
      const isThere = await Promise.all(places.map((parts) => exists(join(path, ...parts))));
      return isThere.includes(true) ? name : today;
    }),
  );
}

/**
 * Students under the names that a run folder has for them: it continues under these. `methods`: of the run, of which the
 * students may be some.
 */
export async function withRecordedNames(
  students: readonly PlannedModel[],
  methods: readonly { readonly name: string }[],
  folder: Folder,
): Promise<PlannedModel[]> {
  const [today, recorded] = [studentNames(methods), await recordedNames(methods, folder)];
  return students.map((student) => ({ ...student, name: recorded[today.indexOf(student.name)]! }));
}

const exists = async (path: string): Promise<boolean> => (await stat(path).catch(() => null)) !== null;

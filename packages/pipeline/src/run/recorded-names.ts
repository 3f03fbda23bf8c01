import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunFolder } from '@anc/runtime';
import { earlierStudentNames } from '../options/student-names.js';
import type { PlannedModel } from '../planning/plan.js';

/** Students under the names that a run folder of an earlier version has for them: it continues under these. */
export async function withRecordedNames(
  students: readonly PlannedModel[],
  { path }: Pick<RunFolder, 'path'>,
): Promise<PlannedModel[]> {
  const earlier = earlierStudentNames(students.map(({ method }) => method));
  return await Promise.all(
    students.map(async (student, i) => {
      const name = earlier[i]!;
      const places = [
        ['student', name],
        ['checkpoints', name],
        ['tries', `${name}-try-1.json`], // of a tuning
        ['checkpoints', `${name}-try-1`],
      ];
      const isThere = await Promise.all(places.map((parts) => exists(join(path, ...parts))));
      return isThere.includes(true) ? { ...student, name } : student;
    }),
  );
}

const exists = async (path: string): Promise<boolean> => (await stat(path).catch(() => null)) !== null;

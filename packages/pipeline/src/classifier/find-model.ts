import { stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { AncError } from '@anc/core';
import { RunFolder } from '@anc/runtime';
import { readOptions } from '../options/record.js';
import type { RunOptions } from '../options/run-options.js';
import { earlierStudentNames, studentNames } from '../options/student-names.js';
import { suggestion } from '../text/nearest.js';
import { WEIGHTS } from '../files/weights.js';

/** One trained network of a run. */
export interface FoundModel {
  /** Its weights file. */
  readonly path: string;
  readonly run: string;
  /** `teacher`, or the student's name. */
  readonly name: string;
  /** The students that it was chosen from, where there was a choice. */
  readonly among: readonly string[];
  readonly options: RunOptions;
}

/** The method whose student is taken where several were trained and none was selected. */
const FIRST = 'adversarial';

/**
 * A run's student, or the selected model: `teacher`, `student`, or a student's name. Null where `named` is no folder.
 * Throws `ANC_RUN_MISSING`, `ANC_RUN_CONFIG`, and `ANC_PLAYER` where the run has no such model.
 */
export async function findModelInRun(
  named: string,
  selected: string | undefined,
  cwd: string,
): Promise<FoundModel | null> {
  const path = resolve(cwd, named);
  if (!(await stat(path).catch(() => null))?.isDirectory()) return null;
  const folder = await RunFolder.open(path);
  const options = readOptions(await folder.readConfig());
  const names = studentNames(options.methods);
  const earlier = earlierStudentNames(options.methods);
  const found = await Promise.all(names.map((name, i) => firstWithWeights(path, [name, earlier[i]!])));
  const students = found.filter((name) => name !== null);
  const teachers = (await hasWeights(join(path, 'teacher'))) ? ['teacher'] : [];
  const asked = selected === undefined || selected === 'student' ? null : selected;
  const wanted = asked === null ? null : (found[earlier.indexOf(asked)] ?? asked);
  const chosen = wanted ?? (students.includes(FIRST) ? FIRST : students.at(-1));
  if (chosen === undefined || ![...students, ...teachers].includes(chosen)) {
    const known = [...students, ...teachers];
    const hint = wanted === null ? null : suggestion(wanted, known);
    throw new AncError('ANC_PLAYER', `the run "${named}" has no trained ${wanted ?? 'student'}.`, {
      expected: known.length === 0 ? 'a run that has finished a model' : `one of ${known.join(', ')}`,
      ...(hint === null ? {} : { hint }),
      ...(wanted === 'teacher'
        ? { hint: 'a teacher that was given as a file is not in the run: use that file.' }
        : {}),
    });
  }
  const place = chosen === 'teacher' ? ['teacher'] : ['student', chosen];
  return {
    path: join(path, ...place, WEIGHTS),
    run: basename(path),
    name: chosen,
    among: wanted === null && students.length > 1 ? students : [],
    options,
  };
}

/** The first of a student's names whose folder has weights: that of today, or that of earlier versions. */
async function firstWithWeights(run: string, names: readonly string[]): Promise<string | null> {
  for (const name of names) if (await hasWeights(join(run, 'student', name))) return name;
  return null;
}

const hasWeights = async (path: string): Promise<boolean> =>
  (await stat(join(path, WEIGHTS)).catch(() => null)) !== null;

import { stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { AncError } from '@anc/core';
import { RunFolder } from '@anc/runtime';
import { assertUnchanged } from '../files/recorded-options.js';
import { readOptions } from '../options/record.js';
import type { RunOptions } from '../options/run-options.js';
import { studentNames } from '../options/student-names.js';
import { suggestion } from '../text/nearest.js';
import { placeOf, verifyModel } from '../files/verify.js';
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
 * Throws `ANC_RUN_MISSING`, `ANC_RUN_CONFIG`, `ANC_RUN_CHANGED`, `ANC_RUN_DAMAGED`, and `ANC_PLAYER` where the run has no
 * such model.
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
  await assertUnchanged(folder, options);
  const names = studentNames(options.methods);
  const there = await Promise.all(names.map((name) => hasWeights(join(path, 'student', name))));
  const students = names.filter((_, i) => there[i]);
  const teachers = (await hasWeights(join(path, 'teacher'))) ? ['teacher'] : [];
  const wanted = selected === undefined || selected === 'student' ? null : selected;
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
  const place = placeOf(chosen);
  await verifyModel(folder, place);
  return {
    path: join(path, ...place, WEIGHTS),
    run: basename(path),
    name: chosen,
    among: wanted === null && students.length > 1 ? students : [],
    options,
  };
}

const hasWeights = async (path: string): Promise<boolean> =>
  (await stat(join(path, WEIGHTS)).catch(() => null)) !== null;

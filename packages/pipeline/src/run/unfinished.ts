import { shellQuoted } from '@anc/core/internal';
import type { RunFolder } from '@anc/runtime';
import type { ModelResult } from '../events/documents.js';
import type { ChangedOption } from '../files/recorded-options.js';
import { placeOf } from '../files/verify.js';
import { optionError } from '../options/option-error.js';
import { optionByKey } from '../options/option-table.js';
import type { TrainingPlan } from '../planning/plan.js';
import { readDocument } from './read-document.js';

/** The planned models that a resumed run would still train, in order. `continueStopped`: as in `Execution`. */
export async function unfinishedModels(
  folder: RunFolder,
  { teacher, students }: Pick<TrainingPlan, 'teacher' | 'students'>,
  continueStopped: boolean,
): Promise<string[]> {
  const left: string[] = [];
  for (const name of [
    ...('given' in teacher ? [] : ['teacher']),
    ...students.map((student) => student.name),
  ]) {
    const result = await folder.readDocument([...placeOf(name), 'result.json'], (text) =>
      readDocument<ModelResult>(text),
    );
    const { stopped } = result ?? {};
    if (result === null || (stopped !== undefined && continueStopped)) left.push(name);
    else if (stopped?.stop === 'run') break; // what comes after it is not trained
  }
  return left;
}

/**
 * Throws `ANC_CONFIG` for changes that no training is left for: the record would say of finished models what is not true of them.
 *
 * @param left as `unfinishedModels` returns them
 */
export function assertTrainedWith(
  changed: readonly ChangedOption[],
  { teacher }: Pick<TrainingPlan, 'teacher'>,
  left: readonly string[],
  shown: string,
): void {
  const isOfTeacher = ({ key }: ChangedOption): boolean => optionByKey(key)?.path[0] === 'teacher';
  const isTrained = !('given' in teacher) && !left.includes('teacher');
  const change = left.length === 0 ? changed[0] : changed.find((one) => isTrained && isOfTeacher(one));
  if (change === undefined) return;
  const { key, from, to } = change;
  const flag = key === 'epochs' && typeof to === 'number' ? ` --epochs ${to}` : '';
  const problem =
    left.length === 0
      ? 'nothing is unfinished in this run, so no option can be changed.'
      : 'the teacher of this run is finished, so it cannot be trained with another value.';
  throw optionError(optionByKey(key)?.path ?? [key], problem, {
    expected: from === null ? 'no change' : inWords(from),
    received: inWords(to),
    hint:
      left.length === 0
        ? `undo the change; to train its student longer, or with other options: anc-cli run --continue ${shellQuoted(shown)}${flag}.`
        : 'undo the change, or start a new run with it.',
  });
}

const inWords = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

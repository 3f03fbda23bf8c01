import { join, resolve } from 'node:path';
import { isAncError } from '@anc/core';
import { RunFolder } from '@anc/runtime';
import { findModelInRun, type FoundModel } from '../classifier/find-model.js';
import { placeOf } from '../files/verify.js';
import { WEIGHTS } from '../files/weights.js';
import { optionError } from '../options/option-error.js';
import { flattenOptions, groupOptions, optionTable } from '../options/option-table.js';
import { parseOptions } from '../options/resolve.js';
import type { OptionPath, RunOptionsInput } from '../options/run-options.js';
import { studentNames } from '../options/student-names.js';
import { shownPath } from '../text/shown-path.js';
import { inheritedOptions } from './inherited-options.js';

/** The options of a request, with those of the run that it continues. */
export interface WithParent {
  readonly input: RunOptionsInput;
  /** Which of the given options count as the caller's; all where no run is continued. */
  isOwn(path: OptionPath): boolean;
  readonly notices: readonly string[];
}

/**
 * The options of a run that continues a finished one: the caller's, then the parent's. Its teacher is the parent's, its student
 * starts from the parent's weights; optimizers, discriminators and schedules begin anew.
 *
 * @throws `ANC_RUN_MISSING` and others of a run folder that cannot be read; `ANC_CONFIG` where the parent is not finished,
 *   where its student cannot be continued with the given options, and where these would hold out images that it was trained on
 */
export async function withParent(input: RunOptionsInput, cwd: string): Promise<WithParent> {
  const own = flattenOptions(parseOptions(input));
  const { continue: parent } = own;
  if (typeof parent !== 'string') return { input, isOwn: () => true, notices: [] };
  if (own['studentWeights'] !== undefined || own['student'] !== undefined) {
    const name = own['student'] === undefined ? 'weights' : 'model';
    throw optionError(['student', name], 'a continued run has the student of its parent.', {
      hint: 'leave it out, or start a new run with --student and --student-weights.',
    });
  }
  const path = resolve(cwd, parent);
  const folder = await RunFolder.open(path);
  if ((await folder.read('result.json')) === null) {
    throw optionError(['student', 'continues'], `the run ${parent} is not finished.`, {
      hint: `finish it with --resume ${shownPath(path, cwd)}, then continue it.`,
    });
  }
  const methods = parseOptions(input).methods;
  const selected = methods === undefined ? undefined : studentNames(methods)[0];
  const found = await chosenIn(path, selected, cwd);
  const { options } = found;
  const at = studentNames(options.methods).indexOf(found.name);
  const inherited = inheritedOptions(flattenOptions(options), own, cwd);
  const teacher = join(path, ...placeOf('teacher'), WEIGHTS);
  const isTrained = (await folder.readBytes(...placeOf('teacher'), WEIGHTS)) !== null;
  const flat = {
    ...inherited.flat,
    ...(isTrained ? { teacher: { name: teacher, options: {} } } : {}),
    methods: [options.methods[at] ?? options.methods[0]],
    ...own,
    continue: path,
    studentWeights: found.path,
  };
  const given = new Set([
    'student.model',
    'teacher.model',
    ...optionTable.filter(({ key }) => own[key] !== undefined).map(({ path: place }) => place.join('.')),
  ]);
  return {
    input: groupOptions(flat),
    isOwn: (place) => given.has(place.join('.')),
    notices: [
      `the student continues from ${found.name} of ${shownPath(path, cwd)}, with a new schedule.`,
      ...inherited.notices,
    ],
  };
}

/** The student of a run that is continued. Throws `ANC_CONFIG` where a method is named that the run does not have. */
async function chosenIn(path: string, selected: string | undefined, cwd: string): Promise<FoundModel> {
  try {
    return (await findModelInRun(path, selected, cwd))!;
  } catch (error) {
    if (!isAncError(error) || error.code !== 'ANC_PLAYER') throw error;
    const { expected, hint } = error.detail;
    throw optionError(['methods'], 'the run that is continued has no such student.', {
      ...(expected === undefined ? {} : { expected }),
      ...(selected === undefined ? {} : { received: selected }),
      ...(hint === undefined ? {} : { hint }),
    });
  }
}

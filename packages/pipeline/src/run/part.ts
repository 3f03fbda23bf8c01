import { writeReport, type ReportedResult, type RunFolder } from '@anc/runtime';
import type { ModelResult, RunResult, StudentResult } from '../events/documents.js';
import { transferEntry } from '../data/transfer-dataset.js';
import { changesInWords } from '../files/recorded-options.js';
import { placeOf } from '../files/verify.js';
import { readOptions } from '../options/record.js';
import { divergenceIn } from '../training/divergence.js';
import { readDocument } from './read-document.js';
import { recordedNames } from './recorded-names.js';
import { reported } from './reported.js';

/** What is finished of a run whose result is not written yet, from the results of its models. */
async function partOf(folder: RunFolder): Promise<ReportedResult> {
  const options = readOptions(await folder.readConfig());
  const records = await folder.metrics.read();
  const resultOf = <R extends ModelResult>(model: string): Promise<R | null> =>
    folder.readDocument([...placeOf(model), 'result.json'], (text) => readDocument<R>(text));
  const names = await recordedNames(options.methods, folder);
  const results = await Promise.all(names.map((name) => resultOf<StudentResult>(name)));
  const teacher = await resultOf('teacher');
  const missing = [...(teacher === null ? ['teacher'] : []), ...names.filter((_, i) => results[i] === null)];
  const diverged = missing.flatMap((name) => {
    const found = divergenceIn(records, name);
    if (found === null) return [];
    const { name: model } = name === 'teacher' ? options.teacher.model : options.student.model;
    return [{ name, model, epoch: found.epoch + 1, step: found.step }];
  });
  return {
    dataset: options.data.dataset.name,
    ...transferEntry(options.data),
    backend: options.compute.backend.name,
    seed: options.training.seed,
    teacher,
    students: results.flatMap((result) => result ?? []),
    diverged,
    unfinished: missing.filter((name) => !diverged.some((other) => other.name === name)),
    interpretation: await changesInWords(folder),
  };
}

/** Writes the report of a run that is not finished. Returns its path. */
export const reportPart = async (folder: RunFolder): Promise<string> =>
  writeReport(folder, reported(await partOf(folder)));

/** Writes the report of a run, finished or not, from what is in its folder. Throws `ANC_RUN_DAMAGED`. */
export async function reportRun(
  folder: RunFolder,
): Promise<{ readonly path: string; readonly finished: boolean }> {
  const { result, finished } = await resultOfRun(folder);
  return { path: await writeReport(folder, result), finished };
}

/** What a report shows of a run, finished or not. Throws `ANC_RUN_DAMAGED`. */
export async function resultOfRun(
  folder: RunFolder,
): Promise<{ readonly result: ReportedResult; readonly finished: boolean }> {
  const result = await folder.readDocument(['result.json'], (text) => readDocument<RunResult>(text));
  const part = await partOf(folder);
  // A model that was removed to be trained again is missing from the run, whatever its result names.
  const finished =
    result !== null &&
    part.teacher !== null &&
    (part.unfinished ?? []).every((name) => result.notTrained?.includes(name) === true);
  return { result: reported(finished ? result : part), finished };
}

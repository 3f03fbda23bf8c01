import { join } from 'node:path';
import { readdir, stat } from 'node:fs/promises';
import { damagedError, type RunFolder } from '@anc/runtime';
import { WEIGHTS } from './weights.js';

/** Folder of a model in a run folder. */
export const placeOf = (model: string): readonly string[] =>
  model === 'teacher' ? ['teacher'] : ['student', model];

/** Options, environment: a run cannot make them again, and options may be edited, which has an error of its own. */
const OPTIONS = 'config.resolved.yaml';
/** Weights that `verifyModel` looks at. */
const OF_A_MODEL = new RegExp(`^(?:teacher|student/[^/]+)/${WEIGHTS.replaceAll('.', '\\.')}$`);

/**
 * Verifies the files of a run folder: that they are what the run wrote, and that a finished model has its weights.
 *
 * @throws `ANC_RUN_DAMAGED` with the first damaged file and how to recover.
 */
export async function verifyRun(folder: RunFolder): Promise<void> {
  for (const name of (await folder.checksums.names()) ?? []) {
    if (name !== OPTIONS && !OF_A_MODEL.test(name)) await folder.checksums.verify(name);
  }
  const students = await readdir(join(folder.path, 'student')).catch(() => []);
  for (const model of ['teacher', ...students]) await verifyModel(folder, placeOf(model));
}

/**
 * Verifies the weights of a finished model against its result, in folders of earlier versions too. A model without a result
 * is not finished. Throws `ANC_RUN_DAMAGED`.
 */
export async function verifyModel(folder: RunFolder, place: readonly string[]): Promise<void> {
  const result = await folder.readDocument(
    [...place, 'result.json'],
    (text) => JSON.parse(text) as { readonly weights?: unknown },
  );
  const name = [...place, WEIGHTS].join('/');
  const digest = await folder.checksums.verify(name);
  if (typeof result?.weights !== 'string') return;
  const expected = `SHA-256 ${result.weights}`;
  if (digest !== null && digest !== result.weights) {
    throw damagedError(folder.path, name, expected, `SHA-256 ${digest}`);
  }
  // A teacher that was given to the run has a result and no weights there.
  const isGiven = place[0] === 'teacher' && (await folder.checksums.names())?.includes(name) !== true;
  if (digest === null && !isGiven) throw damagedError(folder.path, name, expected, 'no such file');
}

/** Verifies a file that a finished model has beside its weights. Throws `ANC_RUN_DAMAGED`, where it is missing too. */
export async function verifyPart(folder: RunFolder, parts: readonly string[]): Promise<void> {
  const name = parts.join('/');
  if ((await folder.checksums.verify(name)) !== null) return;
  throw damagedError(folder.path, name, 'a file of the finished model', 'no such file');
}

/** Whether files that a run folder's checksums name are missing, all of which can be made again but the options. */
export async function isIncomplete(folder: RunFolder): Promise<boolean> {
  for (const name of (await folder.checksums.names()) ?? []) {
    if ((await stat(join(folder.path, name)).catch(() => null)) === null) return true;
  }
  return false;
}

/** Names of the models that have a result. */
export async function finishedModels(folder: RunFolder): Promise<string[]> {
  const students = await readdir(join(folder.path, 'student')).catch(() => []);
  const results = await Promise.all(
    ['teacher', ...students].map(
      async (model) => [model, await folder.read(...placeOf(model), 'result.json')] as const,
    ),
  );
  return results.flatMap(([model, result]) => (result === null ? [] : [model]));
}

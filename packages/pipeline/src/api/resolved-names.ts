import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Composition } from '../composition/compose.js';
import { withChosenDataset } from '../data/choose-dataset.js';
import { isGivenTeacher, TEACHER_VALUE } from '../options/given-model.js';
import type { RunOptionsInput } from '../options/run-options.js';
import { parseNamed } from '../text/named.js';
import { withCanonicalNames } from './canonical-names.js';

type Compose = (plugins: readonly string[]) => Promise<Composition>;

/**
 * The options of a new run with the names that are meant, before a preset fills the rest: presets depend on them. Throws
 * like `chooseDataset`.
 */
export async function withResolvedNames(
  input: RunOptionsInput,
  cwd: string,
  compose: Compose,
): Promise<{ readonly input: RunOptionsInput; readonly notices: readonly string[] }> {
  const canonical = await withCanonicalNames(input, compose);
  return await withChosenDataset(await withTeacherPath(canonical, cwd, compose), cwd, compose);
}

/** A file or a folder of the working directory that no model is named like is a given teacher: `mine` is then `./mine`. */
export async function withTeacherPath(
  input: RunOptionsInput,
  cwd: string,
  compose: Compose,
): Promise<RunOptionsInput> {
  const given = input.teacher?.model;
  const text = (typeof given === 'object' ? given.name : given)?.trim();
  if (text === undefined || text === TEACHER_VALUE) return input;
  const read = typeof given === 'object' ? { name: text, options: {} } : parseNamed(text);
  if (read !== null && isGivenTeacher({ model: read })) return input;
  // A path may have brackets of its own.
  const path = [text, ...(read === null ? [] : [read.name])].find(
    (name) => name !== '' && existsSync(resolve(cwd, name)),
  );
  if (path === undefined) return input;
  const { registries } = await compose(input.plugins ?? []);
  if (read !== null && registries.models.has(read.name)) return input;
  const rest = text.slice(path.length);
  const model = `./${path}${rest}`;
  return {
    ...input,
    teacher: { ...input.teacher, model: typeof given === 'object' ? { ...given, name: model } : model },
  };
}

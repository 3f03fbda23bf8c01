import { dirname, join } from 'node:path';
import { AncError, isAncError } from '@anc/core';
import { isEndpoint } from '../endpoint/endpoint-options.js';
import { shownUrl } from '../endpoint/post-batch.js';
import { fileOptions, type FileOptions } from './classifier-file.js';
import { findModelInRun, type FoundModel } from './find-model.js';

/** The file of a run's teacher, and how it is read. */
export interface TeacherOfRun extends FileOptions {
  readonly file: string;
  /** Of a teacher that the run trained; null of one that was given. */
  readonly found: FoundModel | null;
  readonly preprocessing?: string;
  readonly classes?: readonly string[];
}

/**
 * The teacher that a run's student learned from: trained in the run, or the file or run that was given.
 *
 * @throws `ANC_PLAYER` where it was a value of a program, and what finding it throws
 */
export async function teacherOfRun(student: FoundModel): Promise<TeacherOfRun> {
  const root = join(dirname(student.path), ...student.name.split('/').map(() => '..'), '..');
  const trained = await findModelInRun(root, 'teacher', '/').catch((error: unknown) => {
    if (isAncError(error) && error.code === 'ANC_PLAYER') return null;
    throw error;
  });
  if (trained !== null) return { file: trained.path, found: trained };
  const { model, preprocessing, classes } = student.options.teacher;
  if (!/[\\/.]/.test(model.name) || isEndpoint(model)) {
    throw new AncError('ANC_PLAYER', `the teacher of the run "${student.run}" is in no file.`, {
      received: isEndpoint(model) ? shownUrl(model.name) : model.name,
      hint: 'name the file of a teacher, if there is one.',
    });
  }
  const other = await findModelInRun(model.name, 'teacher', '/');
  const file = other?.path ?? model.name;
  return {
    file,
    found: null,
    ...(await fileOptions(file, model.options, model.name)),
    ...(preprocessing === undefined ? {} : { preprocessing }),
    ...(classes === undefined ? {} : { classes }),
  };
}

import {
  AncError,
  type Agreement,
  type Backend,
  type Dataset,
  type DatasetSplit,
  type Predictions,
  type Teacher,
} from '@anc/core';
import type { Classifier } from '../classifier/classifier.js';
import { namedFile } from '../classifier/classifier-file.js';
import { findModelInRun, type FoundModel } from '../classifier/find-model.js';
import { openClassifier } from '../classifier/open-classifier.js';
import { predictFrozen, type FrozenOptions } from '../classifier/score.js';
import { teacherOfRun, type TeacherOfRun } from '../classifier/teacher-of-run.js';
import type { Composition } from '../composition/compose.js';
import type { OpenedTask } from '../tasks/opened-task.js';

/** The teacher that a person named: a run, or a file. Throws what finding it throws. */
export async function namedTeacher(
  teacher: string | true,
  student: FoundModel | null,
  cwd: string,
): Promise<TeacherOfRun | null> {
  if (teacher === true) return student === null || student.name === 'teacher' ? null : teacherOfRun(student);
  const found = await findModelInRun(teacher, 'teacher', cwd);
  return found === null ? { ...(await namedFile(teacher)), found } : { file: found.path, found };
}

export interface TeacherRequest {
  readonly teacher: TeacherOfRun;
  /** The student's number of classes. */
  readonly classes: number;
  readonly dataset: Dataset;
  readonly cwd: string;
}

/**
 * Opens the teacher that a student is compared with. Throws `ANC_CLASSES` where they have other classes, and what reading the
 * teacher throws.
 */
export async function openNamedTeacher(
  { teacher: named, classes, dataset, cwd }: TeacherRequest,
  { task, data }: OpenedTask,
  backend: Backend,
  composition: Composition,
): Promise<Classifier> {
  const { found: _, ...reading } = named;
  const classifier = await openClassifier(
    {
      ...reading,
      cwd,
      images: dataset.shape,
      backend,
      outputs: task.outputs(data),
      ...(dataset.classes.length === 0 ? {} : { imageClasses: dataset.classes.length }),
    },
    composition,
  );
  if (classifier.classes === classes) return classifier;
  await classifier.dispose();
  throw new AncError('ANC_CLASSES', 'the teacher and the model have different classes.', {
    expected: `${classes} classes, as the model has`,
    received: `${classifier.classes}`,
  });
}

export interface AgreementRequest {
  readonly teacher: Teacher;
  /** Those of the student. */
  readonly predictions: Predictions;
  readonly images: DatasetSplit['images'];
}

/** How far a student predicts what a teacher does, for the images of a split. */
export async function teacherAgreement(
  { teacher, predictions, images }: AgreementRequest,
  options: FrozenOptions,
): Promise<Agreement> {
  const taught = await predictFrozen(teacher, { images, labels: null }, options);
  return options.task.agreement(predictions, taught.predictions);
}

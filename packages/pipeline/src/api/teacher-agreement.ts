import {
  AncError,
  type Agreement,
  type Backend,
  type Dataset,
  type DatasetSplit,
  type Predictions,
} from '@anc/core';
import { namedFile } from '../classifier/classifier-file.js';
import { findModelInRun, type FoundModel } from '../classifier/find-model.js';
import { openClassifier } from '../classifier/open-classifier.js';
import { predictFrozen } from '../classifier/score.js';
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

export interface AgreementRequest {
  readonly teacher: TeacherOfRun;
  /** The student's number of classes. */
  readonly classes: number;
  readonly predictions: Predictions;
  readonly dataset: Dataset;
  readonly images: DatasetSplit['images'];
  readonly batchSize: number;
  readonly cwd: string;
  readonly signal?: AbortSignal;
}

/**
 * How far a student predicts what a teacher does, for the images of a split. Throws `ANC_CLASSES` where they have other
 * classes, and what reading the teacher throws.
 */
export async function teacherAgreement(
  { teacher: named, classes, predictions, dataset, images, batchSize, cwd, signal }: AgreementRequest,
  { task, data }: OpenedTask,
  backend: Backend,
  composition: Composition,
): Promise<Agreement> {
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
  try {
    if (classifier.classes !== classes) {
      throw new AncError('ANC_CLASSES', 'the teacher and the model have different classes.', {
        expected: `${classes} classes, as the model has`,
        received: `${classifier.classes}`,
      });
    }
    const taught = await predictFrozen(
      classifier.teacher,
      { images, labels: null },
      { task, taskData: { input: dataset.shape, classes }, batchSize, ...(signal && { signal }) },
    );
    return task.agreement(predictions, taught.predictions);
  } finally {
    await classifier.dispose();
  }
}

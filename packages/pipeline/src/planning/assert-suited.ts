import { AncError, type Dataset } from '@anc/core';
import type { Composition } from '../composition/compose.js';
import type { RunOptions } from '../options/run-options.js';
import { assertSameTask } from '../tasks/assert-task.js';
import { taskNameOf } from '../data/dataset-facts.js';

/** Refuses registered models of another task than the dataset's. Throws `ANC_TASK`. */
export function assertTasks(
  { student, teacher }: RunOptions,
  isGivenTeacher: boolean,
  dataset: Dataset,
  { registries }: Composition,
): void {
  const wanted = taskNameOf(dataset);
  for (const [key, { name }] of [
    ...(isGivenTeacher ? [] : ([['teacher', teacher.model]] as const)),
    ['student', student.model] as const,
  ]) {
    const { task } = registries.models.get(name).contribution;
    if (task !== undefined) assertSameTask(`the ${key} "${name}"`, task, dataset.name, wanted);
  }
}

/** Throws `ANC_LABELS` or `ANC_DATA_CLASSES` where there is nothing that a teacher could be trained on. */
export function assertSeveralClasses({ name, classes }: Dataset): void {
  if (classes.length === 0) {
    throw new AncError(
      'ANC_LABELS',
      `the images of "${name}" have no labels, so no teacher can be trained.`,
      {
        expected: 'images in a folder for each class, or a trained teacher',
        received: 'images without classes',
        hint: 'give a trained teacher with --teacher, e.g. model.onnx, which needs no labels.',
      },
    );
  }
  if (classes.length !== 1) return;
  throw new AncError('ANC_DATA_CLASSES', `all images of "${name}" are of one class, "${classes[0]}".`, {
    expected: 'at least two classes to train a teacher, each in a folder of its own',
    received: 'one class folder',
    hint: 'give a trained teacher with --teacher, which needs no labels, or more class folders.',
  });
}

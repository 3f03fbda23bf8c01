import type { Teacher } from '@anc/core';
import type { OpenTeacher } from '../planning/given-teacher.js';
import type { TeacherFunction } from '../teacher-values/function-teacher.js';
import { valueClassifier } from '../teacher-values/value-classifier.js';

export type {
  ImageTensor,
  TeacherFunction,
  TeacherFunctionResult,
} from '../teacher-values/function-teacher.js';

/** Opens a function or a `Teacher` of the caller as the teacher of a run. */
export const openTeacherValue =
  (value: TeacherFunction | Teacher, classNames?: readonly string[]): OpenTeacher =>
  async (dataset, model) => ({
    name: 'teacher',
    model,
    given: await valueClassifier(value, dataset, classNames),
  });

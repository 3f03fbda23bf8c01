import { formatLarge } from '../text/format.js';
import type { GivenTeacher } from './given-teacher.js';
import type { PlannedModel } from './plan-model.js';

/** What a network costs. */
export interface NetworkSize {
  /** Null or NaN where they are not counted. */
  readonly parameters: number | null;
  /** For one image; null or NaN where they are not counted. */
  readonly flops: number | null;
}

/** The size of a run's teacher, given or trained. */
const sizeOf = (teacher: PlannedModel | GivenTeacher): NetworkSize =>
  'given' in teacher ? teacher.given : teacher.network;

/** The warnings about a run's students, each once. */
export const sizeWarnings = (
  students: readonly PlannedModel[],
  teacher: PlannedModel | GivenTeacher,
): string[] => {
  const found = students.flatMap(({ network }) => sizeWarning(network, sizeOf(teacher)) ?? []);
  return [...new Set(found)].map((text) => `WARNING: ${text}`);
};

/**
 * A warning where a student is not smaller than its teacher, in parameters or in FLOPs; null where it is, and where
 * nothing is known of the teacher.
 */
export function sizeWarning(student: NetworkSize, teacher: NetworkSize): string | null {
  const parts = [
    { what: 'parameters', own: student.parameters ?? NaN, of: teacher.parameters ?? NaN },
    { what: 'FLOPs', own: student.flops ?? NaN, of: teacher.flops ?? NaN },
  ].filter(({ own, of }) => of > 0 && own >= of);
  if (parts.length === 0) return null;
  const numbers = parts.map(({ what, own, of }) => `${formatLarge(own)} ${what} against ${formatLarge(of)}`);
  return `the student is not smaller than the teacher: ${numbers.join(', ')}. Choose a smaller one with --student.`;
}

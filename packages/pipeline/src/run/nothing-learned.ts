import type { StudentResult } from '../events/documents.js';
import { formatKappa, formatShare } from '../text/format.js';

/** Cohen's kappa of a student that agrees with its teacher no more often than chance; 0 where it gives one class alone. */
const CHANCE = 0.02;

/** Whether a student's predictions have nothing to do with the teacher's. Unknown, and so false, where there is no kappa. */
export const hasLearnedNothing = ({ kappa }: Pick<StudentResult, 'kappa'>): boolean =>
  typeof kappa === 'number' && kappa < CHANCE;

/** What a run says of such a student. */
export function nothingLearnedInWords(student: StudentResult): string[] {
  if (!hasLearnedNothing(student)) return [];
  const { name, agreement, kappa } = student;
  return [
    `${name}: the student learned nothing: it agrees with the teacher on ${formatShare(agreement ?? null)} of the test images, no more often than ` +
      `chance (Cohen's kappa ${formatKappa(kappa)}). Try a lower learning rate, a warm-up or another seed.`,
  ];
}

/** The same of a comparison: of one method, a student per seed. */
export function nothingLearnedBySeeds(
  name: string,
  seeds: readonly number[],
  students: readonly StudentResult[],
): string[] {
  const failed = seeds.filter((_, i) => hasLearnedNothing(students[i]!));
  if (failed.length === 0) return [];
  return [
    `${name}: with ${failed.length === 1 ? 'seed' : 'seeds'} ${failed.join(', ')} the student learned nothing: it agrees with the teacher no more often ` +
      `than chance. Its intervals contain that. Try a lower learning rate or a warm-up.`,
  ];
}

import { limitSplit } from '@anc/datasets';
import { answersOf, labelsOf, warningsOf, type Answers, type Warning } from '../check/diagnose.js';
import { teacherLogits } from '../classifier/score.js';
import type { TrainingData } from '../data/training-data.js';
import { formatShare } from '../text/format.js';
import type { GivenTeacher } from './given-teacher.js';

/** What a given teacher's predictions for a sample of the training images look like. */
export interface TeacherInspection extends Omit<Answers, 'top1' | 'count'> {
  /** Number of images. */
  readonly images: number;
  /** Classes that are predicted for none of them. */
  readonly neverPredicted: readonly number[];
  /** Share of right predictions, where the images have labels. */
  readonly accuracy: number | null;
  /** Where training a student on such predictions is in vain. */
  readonly warnings: readonly Warning[];
}

/** Images that are looked at. */
const IMAGES = 200;
/** Warnings about a teacher's predictions; what `check` reports of the images alone is not repeated in a run. */
const OF_A_RUN: readonly Warning['code'][] = ['near-constant', 'unsure', 'saturated', 'chance'];
/** The same of images of another domain, which need not be of all classes. */
const OF_ANOTHER_DOMAIN: readonly Warning['code'][] = ['unsure', 'saturated'];
const SHOWN = 5;

/**
 * Runs a given teacher on a few training images. Throws what running it throws.
 *
 * @param isTransfer whether these are images of another dataset than the one that is measured on
 */
export async function inspectTeacher(
  { given }: GivenTeacher,
  { dataset, train }: TrainingData,
  batchSize: number,
  seed: number,
  isTransfer = false,
): Promise<TeacherInspection> {
  const reported = isTransfer ? OF_ANOTHER_DOMAIN : OF_A_RUN;
  const split = limitSplit(train, IMAGES, seed);
  const { classes, data } = await teacherLogits(given.teacher, split, batchSize);
  const { top1, count, ...answers } = answersOf(data, classes);
  const labels = split.labels === null ? null : labelsOf(top1, await split.labels());
  const predicted = new Set(top1);
  const nameOf = (label: number): string => dataset.classes[label] ?? `class ${label}`;
  return {
    ...answers,
    images: count,
    neverPredicted: Array.from({ length: classes }, (_, label) => label).filter(
      (label) => !predicted.has(label),
    ),
    accuracy: labels?.accuracy ?? null,
    warnings: warningsOf({ top1, count, ...answers }, train.images.count, nameOf, labels).filter(
      // Without labels, nobody knows whether the images show all classes: the summary names those never predicted.
      ({ code }) => reported.includes(code) || (code === 'class-coverage' && labels !== null),
    ),
  };
}

/** One sentence about the predictions. */
export function inspectionInWords(
  { images, classes, covered, topClass, topShare, entropy, neverPredicted, accuracy }: TeacherInspection,
  classNames: readonly string[],
): string {
  const nameOf = (label: number): string => `"${classNames[label] ?? `class ${label}`}"`;
  const never = neverPredicted.slice(0, SHOWN).map(nameOf).join(', ');
  return (
    `the teacher's predictions for ${images} training images: ${covered} of ${classes} classes, most often ` +
    `${nameOf(topClass)} (${formatShare(topShare)}), entropy ${formatShare(entropy)} of the largest possible` +
    (neverPredicted.length === 0 ? '' : `, never ${never}${neverPredicted.length > SHOWN ? ', …' : ''}`) +
    (accuracy === null ? '' : `; ${formatShare(accuracy)} as the images are labeled`) +
    '.'
  );
}

/** The warnings as one notice, with what to do; none where there are none. */
export function inspectionWarnings({ warnings }: TeacherInspection): string[] {
  if (warnings.length === 0) return [];
  return [
    `WARNING: the teacher may be read wrongly: ${warnings.map(({ message }) => message).join(' Also, ')} ` +
      "Such predictions are easy to imitate: agreement looks good and the student's true error does not. Compare " +
      'preprocessings with `anc-cli check <teacher> <images>`, and set one with --teacher-preprocessing.',
  ];
}

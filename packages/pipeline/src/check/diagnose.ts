import { topOf } from '@anc/core/internal';
import { entropy, softmax } from './probabilities.js';

/** Something about teacher and images that a person should look at before training. */
export interface Warning {
  readonly code:
    | 'near-constant'
    | 'chance'
    | 'few-images'
    | 'class-coverage'
    | 'unsure'
    | 'saturated'
    | 'not-finite'
    | 'duplicates'
    | 'flat-images'
    | 'undecodable'
    | 'enlarged'
    | 'class-order'
    | 'preprocessing';
  readonly message: string;
}

/** What a teacher's answers to a sample of the images look like. */
export interface Answers {
  readonly count: number;
  readonly classes: number;
  /** Classes that are the answer to at least one image. */
  readonly covered: number;
  /** Share of images with the most frequent answer, and which that is. */
  readonly topShare: number;
  readonly topClass: number;
  /** Mean entropy of the probabilities, as a share of ln(classes). */
  readonly entropy: number;
  readonly finite: boolean;
  readonly top1: readonly number[];
}

export function answersOf(logits: Float32Array, classes: number): Answers {
  const count = logits.length / classes;
  const top1 = Array.from({ length: count }, (_, i) => topOf(logits, i * classes, classes));
  const histogram = new Array<number>(classes).fill(0);
  for (const top of top1) histogram[top]!++;
  const rows = softmax(logits, classes);
  let sum = 0;
  for (let at = 0; at < rows.length; at += classes) sum += entropy(rows.subarray(at, at + classes));
  const topClass = histogram.indexOf(Math.max(...histogram));
  return {
    count,
    classes,
    covered: histogram.filter((n) => n > 0).length,
    topShare: histogram[topClass]! / count,
    topClass,
    entropy: sum / count / Math.log(Math.max(2, classes)),
    finite: logits.every((value) => Number.isFinite(value)),
    top1,
  };
}

/** What labels say of predictions. */
export interface LabelComparison {
  /** Share of right predictions. */
  readonly accuracy: number;
  /** Share of images with the most frequent label. */
  readonly topShare: number;
  /** Number of labels that occur. */
  readonly covered: number;
}

/** Compares predictions with labels of the same classes. */
export function labelsOf(top1: readonly number[], labels: ArrayLike<number>): LabelComparison {
  const counts = new Map<number, number>();
  for (const label of Array.from(labels)) counts.set(label, (counts.get(label) ?? 0) + 1);
  return {
    accuracy: top1.filter((top, i) => top === labels[i]).length / top1.length,
    topShare: Math.max(...counts.values()) / top1.length,
    covered: counts.size,
  };
}

/** Images per class below which a student has little to learn from. */
const FEW_PER_CLASS = 20;
/** Share of one prediction that is suspicious: of two classes 90 %, of three two thirds, of more a half. */
const nearConstant = (classes: number): number => Math.min(0.9, Math.max(0.5, 2 / classes));
/** How much more frequent than the most frequent label the most frequent prediction may be. */
const MORE_THAN_LABELS = 1.5;
const UNSURE = 0.7;
const SATURATED = 1e-4;

/**
 * Warnings about predictions.
 * @param total number of images, of which `answers` are a sample
 * @param labels what the images' labels say, where they have some
 */
export function warningsOf(
  answers: Answers,
  total: number,
  nameOf: (label: number) => string,
  labels: LabelComparison | null = null,
): Warning[] {
  const { count, classes, covered, topShare, topClass, finite } = answers;
  const warnings: Warning[] = [];
  const warn = (code: Warning['code'], message: string): void => void warnings.push({ code, message });
  const percent = (share: number): string => `${Math.round(100 * share)} %`;
  if (!finite)
    warn('not-finite', 'some outputs are not finite numbers: the model or its preprocessing is broken.');
  const most = Math.min(0.95, Math.max(nearConstant(classes), MORE_THAN_LABELS * (labels?.topShare ?? 0)));
  if (count >= 10 && topShare > most) {
    warn(
      'near-constant',
      `${percent(topShare)} of the images are "${nameOf(topClass)}" to the teacher: its preprocessing may be wrong, the images all alike, or the teacher learned little.`,
    );
  }
  if (labels !== null && count >= 10 && labels.accuracy <= byChance(labels.topShare, count, classes)) {
    warn(
      'chance',
      `the teacher is right for ${percent(labels.accuracy)} of the images, hardly more often than one constant prediction (${percent(labels.topShare)}): its preprocessing or the order of its classes may be wrong, or it learned little.`,
    );
  }
  if (total < FEW_PER_CLASS * classes) {
    warn(
      'few-images',
      `${total} images for ${classes} classes; a student needs at least ${FEW_PER_CLASS} per class (${FEW_PER_CLASS * classes}), and more is better.`,
    );
  }
  const expected = labels?.covered ?? classes * (1 - (1 - 1 / classes) ** count); // of classes drawn evenly
  if (covered < expected / 2) {
    warn(
      'class-coverage',
      `the teacher sees ${covered} of its ${classes} classes in ${count} images, where ${labels === null ? 'an even sample' : 'the labels'} would show ${Math.round(expected)}: the student will not learn the others.`,
    );
  }
  if (answers.entropy > UNSURE) {
    warn(
      'unsure',
      `the teacher is unsure of most images (entropy ${percent(answers.entropy)} of the largest possible): they may not be what it was trained on.`,
    );
  }
  if (finite && answers.entropy < SATURATED && classes > 1) {
    warn(
      'saturated',
      'the teacher is certain of every image: pixels of the wrong scale do that, and a student learns little from such answers.',
    );
  }
  return warnings;
}

/** Accuracy that constant predictions reach, with their noise; of many classes at least twice that of blind ones. */
const byChance = (share: number, count: number, classes: number): number =>
  Math.max(share + 2 * Math.sqrt((share * (1 - share)) / count), classes > 3 ? 2 / classes : 0);

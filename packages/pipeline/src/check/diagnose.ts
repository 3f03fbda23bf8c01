import { entropy, softmax, topOf } from './rating.js';

/** Something about teacher and images that a person should look at before training. */
export interface Warning {
  readonly code:
    | 'near-constant'
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

/** Images per class below which a student has little to learn from. */
const FEW_PER_CLASS = 20;
const NEAR_CONSTANT = 0.9;
const UNSURE = 0.7;
const SATURATED = 1e-4;

/** `total`: images there are, of which `answers` are a sample. */
export function warningsOf(answers: Answers, total: number, nameOf: (label: number) => string): Warning[] {
  const { count, classes, covered, topShare, topClass, finite } = answers;
  const warnings: Warning[] = [];
  const warn = (code: Warning['code'], message: string): void => void warnings.push({ code, message });
  const percent = (share: number): string => `${Math.round(100 * share)} %`;
  if (!finite)
    warn('not-finite', 'some outputs are not finite numbers: the model or its preprocessing is broken.');
  if (count >= 10 && topShare > NEAR_CONSTANT) {
    warn(
      'near-constant',
      `${percent(topShare)} of the images are "${nameOf(topClass)}" to the teacher: its preprocessing is wrong, or the images are all alike.`,
    );
  }
  if (total < FEW_PER_CLASS * classes) {
    warn(
      'few-images',
      `${total} images for ${classes} classes; a student needs at least ${FEW_PER_CLASS} per class (${FEW_PER_CLASS * classes}), and more is better.`,
    );
  }
  const expected = classes * (1 - (1 - 1 / classes) ** count); // of classes drawn evenly
  if (covered < expected / 2) {
    warn(
      'class-coverage',
      `the teacher sees ${covered} of its ${classes} classes in ${count} images, where an even sample would show ${Math.round(expected)}: the student will not learn the others.`,
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

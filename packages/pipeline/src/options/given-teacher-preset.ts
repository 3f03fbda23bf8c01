import type { Named } from '../text/named.js';

/** Strong changes of few images, that suit every kind of them: nothing is mirrored, no color is changed. */
export const STRONG: readonly Named[] = [
  { name: 'affine', options: { degrees: 15, translate: [0.1, 0.1], scale: [0.8, 1.2] } },
  { name: 'random-erasing', options: {} },
  { name: 'mixup', options: { alpha: 1 } },
];

/** Fewer training images than this are few: with 1,600 changes help, with 16,000 they do harm, here they do neither. */
const FEW = 5000;

/** Updates of a student, where neither epochs nor a time is given, at least. */
const UPDATES = 1200;

/** Updates that count as an epoch where a pass has fewer. */
const STEPS = 100;

/** Passes over many images, at least. */
const PASSES = 6;

/** Fixed views of an image: the teacher computes each of them once, and they are cached for all students. */
const VIEWS = 8;

/** How images are changed, in how many fixed views of each. */
export interface ImageChanges {
  readonly augment: readonly Named[];
  readonly views: number;
}

/** How long students are trained. */
export interface TrainingAmount {
  readonly epochs: number;
  /** Absent where an epoch is a pass. */
  readonly stepsPerEpoch?: number;
}

/** How the preset `given-teacher` changes images, by their number: null where it leaves them as they are. */
export const changesOf = (count: number): ImageChanges | null =>
  count < FEW ? { augment: STRONG, views: VIEWS } : null;

/** How long the preset `given-teacher` trains on `count` images in batches of `batchSize`: few are repeated. */
export function amountFor(count: number, batchSize: number): TrainingAmount {
  const pass = Math.max(1, Math.floor(count / batchSize));
  return pass < STEPS
    ? { epochs: Math.ceil(UPDATES / STEPS), stepsPerEpoch: STEPS }
    : { epochs: Math.max(PASSES, Math.ceil(UPDATES / pass)) };
}

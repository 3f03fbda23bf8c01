import type { Named } from '../text/named.js';

/** Strong changes of few images, that suit every kind of them: nothing is mirrored, no color is changed. */
export const STRONG: readonly Named[] = [
  { name: 'affine', options: { degrees: 15, translate: [0.1, 0.1], scale: [0.8, 1.2] } },
  { name: 'random-erasing', options: {} },
  { name: 'mixup', options: { alpha: 1 } },
];

/** Fewer training images than this are few. */
const FEW = 1000;

/** Updates of a student, where neither epochs nor a time is given, at least. */
const UPDATES = 1200;

/** Updates that count as an epoch where a pass has fewer. */
const STEPS = 100;

/** Passes over many images, at least. */
const PASSES = 6;

/** Fixed views of an image: the teacher computes each of them once, and they are cached for all students. */
const VIEWS = 8;

const AFFINE = STRONG.slice(0, 1);

/** How students of a given teacher are trained on a number of images: what the preset cannot say without it. */
export interface SizedTraining {
  readonly augment: readonly Named[];
  readonly views: number;
  readonly epochs: number;
  /** Absent where an epoch is a pass. */
  readonly stepsPerEpoch?: number;
}

/**
 * The training of the preset `given-teacher` on `count` images in batches of `batchSize`: enough updates whatever the
 * number of images, and stronger changes where these are few.
 */
export function trainingOn(count: number, batchSize: number): SizedTraining {
  const pass = Math.max(1, Math.floor(count / batchSize));
  const changes = { augment: count < FEW ? STRONG : AFFINE, views: VIEWS };
  return pass < STEPS
    ? { ...changes, epochs: Math.ceil(UPDATES / STEPS), stepsPerEpoch: STEPS }
    : { ...changes, epochs: Math.max(PASSES, Math.ceil(UPDATES / pass)) };
}

import type { Normalization } from '@anc/core';
import { captionedContactSheet } from '@anc/datasets';
import { pairClasses } from '../classifier/labels.js';
import { answersOf, labelsOf, warningsOf, type Answers, type Warning } from './diagnose.js';
import type { Sample } from './images.js';
import { lookAtImages } from './look-at-images.js';
import { softmax } from './rating.js';
import {
  commonNormalizations,
  ratePreprocessings,
  describePreprocessing,
  likelyPreprocessing,
  OWN,
  preprocessingCandidates,
  VIEWS,
  type RatedPreprocessing,
} from './preprocessing.js';
import { logitsBy, type CheckedTeacher } from './teacher.js';

/** What a check found. */
export interface Check {
  readonly model: string;
  readonly classes: number;
  readonly classNames: readonly string[] | null;
  readonly normalization: Normalization | null;
  readonly answers: Answers;
  /** Share of right answers, where the images' classes are the teacher's. */
  readonly accuracy: number | null;
  /** Common preprocessings, rated, best first. */
  readonly preprocessings: readonly RatedPreprocessing[];
  /** Number of images that they were compared on. */
  readonly preprocessingImages: number;
  /** The likely preprocessing in words. */
  readonly likely: string | null;
  readonly lead: number;
  readonly warnings: readonly Warning[];
  readonly notices: readonly string[];
  /** PNG. */
  readonly sheet: Uint8Array;
}

export interface CheckOptions {
  /** Seconds that the comparison of preprocessings may take. */
  readonly budget: number;
  readonly progress: (what: string, done: number, count: number) => void;
  readonly now?: () => number;
}

/** Fewest and most images that preprocessings are compared on. */
const COMPARED = { least: 12, most: 128 };
/** A lead below this is too small to speak of: answers to other images could turn it. */
const CLEAR = 0.03;
const SHEET = 60;

/** Inspects a teacher's predictions for a sample of images. */
export async function checkTeacher(
  checked: CheckedTeacher,
  sample: Sample,
  { budget, progress, now = () => performance.now() / 1000 }: CheckOptions,
): Promise<Check> {
  const { shape } = checked;
  const size = shape[0] * shape[1] * shape[2];
  const count = sample.images.length / size;
  const classifier = await checked.open();
  const { classes, classNames, normalization, model, notices } = classifier;
  let logits: Float32Array;
  let perSecond: number;
  try {
    const infer = logitsBy(classifier, shape);
    await infer(sample.images.subarray(0, size), 1); // compiles
    const start = now();
    logits = await infer(sample.images, count);
    perSecond = count / Math.max(1e-3, now() - start);
  } finally {
    await classifier.dispose();
  }
  const answers = answersOf(logits, classes);
  const labels = labelsFor(sample, { classes, classNames });
  const candidates = preprocessingCandidates(
    { ...(normalization === null ? {} : { [OWN]: normalization }), ...commonNormalizations(shape[2]) },
    checked.layouts,
  ).filter(
    ({ name, normalization: other, layout }, _, all) =>
      name === OWN ||
      !all.some((first) => first.name === OWN && first.layout === layout && same(first.normalization, other)),
  );
  const shows = candidates.length * VIEWS * (shape[2] === 3 ? 2 : 1);
  const compared = Math.min(
    count,
    COMPARED.most,
    Math.max(COMPARED.least, Math.floor((budget * perSecond) / shows)),
  );
  const rated = await ratePreprocessings(
    candidates,
    checked.openAs,
    {
      ...spread(sample.images, labels, size, compared),
      shape,
      classes,
    },
    (done, all) => progress('preprocessings', done, all),
  );
  const likely = likelyPreprocessing(rated);
  // As many class names as the teacher has classes are taken for the teacher's, in their order.
  const names = classNames ?? (sample.classes?.length === classes ? sample.classes : null);
  const nameOf = (label: number): string => names?.[label] ?? `class ${label}`;
  return {
    model,
    classes,
    classNames: names,
    normalization,
    answers,
    accuracy:
      labels === null ? null : answers.top1.filter((top, i) => top === labels[i]).length / answers.count,
    preprocessings: rated,
    preprocessingImages: compared,
    likely: likely === null ? null : describePreprocessing(likely.best),
    lead: likely?.lead ?? 0,
    warnings: [
      ...preprocessingWarning(rated),
      ...warningsOf(answers, sample.total, nameOf, labels === null ? null : labelsOf(answers.top1, labels)),
      ...lookAtImages(sample.images, size),
      ...brokenWarning(sample),
    ],
    notices: [...checked.notices, ...notices],
    sheet: sheetOf(sample, shape, logits, answers, nameOf),
  };
}

/** `some` images from first to last: files lie class by class. */
function spread(images: Uint8Array, labels: Int32Array | null, size: number, some: number) {
  const count = images.length / size;
  const chosen = Int32Array.from({ length: some }, (_, i) => Math.floor((i * count) / some));
  const out = new Uint8Array(some * size);
  chosen.forEach((index, i) => out.set(images.subarray(index * size, (index + 1) * size), i * size));
  return { images: out, labels: labels === null ? null : chosen.map((index) => labels[index]!) };
}

const same = (a: Normalization, b: Normalization): boolean => {
  if (a === 'per-image' || b === 'per-image' || a.mean.length !== b.mean.length) return a === b;
  const near = (x: readonly number[], y: readonly number[]): boolean =>
    x.every((value, i) => Math.abs(value - y[i]!) < 0.01);
  return near(a.mean, b.mean) && near(a.std, b.std);
};

/** Warns where another preprocessing than the one in use is clearly better. */
function preprocessingWarning(rated: readonly RatedPreprocessing[]): Warning[] {
  const best = rated[0];
  const given = rated.find(({ name, order }) => name === OWN && order !== 'bgr');
  if (best === undefined || given === undefined || best === given) return [];
  if (best.score - given.score < CLEAR * best.score) return [];
  return [
    {
      code: 'preprocessing',
      message: `the teacher's predictions say more with another preprocessing of the images (${describePreprocessing(best)}): set it with --preprocessing, or check its channels and layout.`,
    },
  ];
}

function brokenWarning({ broken }: Sample): Warning[] {
  if (broken.length === 0) return [];
  const shown = broken.slice(0, 3).join('; ');
  return [
    {
      code: 'undecodable',
      message: `${broken.length} images do not decode: ${shown}${broken.length > 3 ? '; …' : ''}`,
    },
  ];
}

/** The images' labels as the teacher's classes, where those can be paired. */
function labelsFor(
  { labels, classes, what }: Sample,
  teacher: { readonly classes: number; readonly classNames: readonly string[] | null },
): Int32Array | null {
  if (labels === null || classes === null) return null;
  try {
    const pairs = pairClasses('the teacher', teacher, { name: what, classes });
    return labels.map((label) => pairs?.[label] ?? label);
  } catch {
    return null; // other classes: the images are looked at without labels
  }
}

function sheetOf(
  { images }: Sample,
  shape: readonly [number, number, number],
  logits: Float32Array,
  { top1, classes, count }: Answers,
  nameOf: (label: number) => string,
): Uint8Array {
  const rows = softmax(logits, classes);
  const shown = Math.min(SHEET, count);
  const captions = Array.from({ length: shown }, (_, i) => {
    const share = Math.round(100 * rows[i * classes + top1[i]!]!);
    return `${share}% ${nameOf(top1[i]!)}`;
  });
  return captionedContactSheet({ images, shape, captions });
}

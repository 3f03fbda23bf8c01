import type { Normalization, Tree } from '@anc/core';
import type { TaskDescription } from '@anc/core/internal';
import { captionedContactSheet } from '@anc/datasets';
import { classOrderWarning } from '../classifier/class-order.js';
import { pairClasses, type ClassPairing } from '../classifier/labels.js';
import { answersOf, labelsOf, warningsOf, type Answers, type Warning } from './diagnose.js';
import { checkDense } from './dense.js';
import type { Sample } from './images.js';
import { lookAtImages } from './look-at-images.js';
import {
  commonNormalizations,
  describePreprocessing,
  nearlySame,
  OWN,
  preprocessingCandidates,
  type Preprocessing,
} from './candidates.js';
import { flagsOf, type PreprocessingFlags } from './flags.js';
import {
  isGrey,
  ratePreprocessings,
  recommend,
  VIEWS,
  type RatedPreprocessing,
  type Recommendation,
} from './preprocessing.js';
import { softmax } from './probabilities.js';
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
  /** What the images' targets are for; absent: classification. */
  readonly task?: TaskDescription;
  /** The metrics of other tasks, by name; null where the images have no targets. */
  readonly metrics?: Tree<number> | null;
  /** Common preprocessings, rated, best first. */
  readonly preprocessings: readonly RatedPreprocessing[];
  /** Number of images that they were compared on. */
  readonly preprocessingImages: number;
  /** `likely` where the best exceeds every other by more than its sampling error; null where none works. */
  readonly verdict: 'likely' | 'undecided' | null;
  /** The likely preprocessing in words; null where it is undecided. */
  readonly likely: string | null;
  /** The preprocessings that cannot be distinguished, in words, best first; of a likely one, that alone. */
  readonly among: readonly string[];
  /** The preprocessing in use, in words. */
  readonly inUse: string;
  /** How the best is set; null where it is the one in use, or cannot be set. */
  readonly flags: PreprocessingFlags | null;
  /** How far the best is ahead of the next one, as a share of its score. */
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
const COMPARED = { least: 12, most: 256 };
const SHEET = 60;

/** Inspects a teacher's predictions for a sample of images. */
export async function checkTeacher(
  checked: CheckedTeacher,
  sample: Sample,
  { budget, progress, now = () => performance.now() / 1000 }: CheckOptions,
): Promise<Check> {
  if (sample.task !== null && !sample.task.description.perImage)
    return checkDense(checked, sample, sample.task);
  const { shape } = checked;
  const size = shape[0] * shape[1] * shape[2];
  const count = sample.images.length / size;
  const classifier = await checked.open(sample.classes?.length);
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
  const pairing = pairingOf(sample, { classes, classNames });
  const labels = pairing === null ? null : sample.labels!.map((label) => pairing.map?.[label] ?? label);
  const common = commonNormalizations(shape[2]);
  const orders =
    shape[2] !== 3
      ? (['grey'] as const)
      : isGrey(sample.images)
        ? (['rgb'] as const)
        : (['rgb', 'bgr'] as const);
  const candidates = preprocessingCandidates(
    { ...(normalization === null ? {} : { [OWN]: normalization }), ...common },
    checked.layouts,
    orders,
  ).filter(
    ({ name, normalization: other }) =>
      name === OWN || normalization === null || !nearlySame(normalization, common[name] ?? other),
  );
  const shows = candidates.length * VIEWS;
  const compared = Math.min(
    count,
    COMPARED.most,
    Math.max(COMPARED.least, Math.floor((budget * perSecond) / shows)),
  );
  const rated = await ratePreprocessings(
    candidates,
    (reading) => checked.openAs(reading, sample.classes?.length),
    {
      ...spread(sample.images, labels, size, compared),
      shape,
      classes,
    },
    (done, all) => progress('preprocessings', done, all),
  );
  const recommendation = recommend(rated);
  const [best, next] = rated;
  const known = Object.keys(common).find(
    (name) => normalization !== null && nearlySame(normalization, common[name]!),
  );
  const flags = best === undefined ? null : flagsOf(best, checked.what);
  const describe = (one: Preprocessing): string =>
    one.name === OWN
      ? `${describePreprocessing(one)}${known === undefined ? '' : ` (${known})`}`
      : describePreprocessing(one);
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
    verdict: recommendation?.verdict ?? null,
    likely: recommendation?.verdict === 'likely' ? describe(recommendation.among[0]!) : null,
    among: (recommendation?.among ?? []).map(describe),
    inUse: known ?? (normalization === 'per-image' ? 'each image by its own statistics' : OWN),
    flags,
    lead: best !== undefined && best.score > 0 ? (best.score - (next?.score ?? 0)) / best.score : 0,
    warnings: withoutChance([
      ...preprocessingWarning(recommendation, describe, flags),
      ...warningsOf(answers, sample.total, nameOf, labels === null ? null : labelsOf(answers.top1, labels)),
      ...lookAtImages(sample.images, size),
      ...brokenWarning(sample),
      ...orderWarnings(answers, labels, classNames, sample),
    ]),
    notices: [
      ...checked.notices,
      ...notices,
      ...sample.notices,
      ...(typeof pairing?.notice === 'string' ? [pairing.notice] : []),
    ],
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

/** Warns where the preprocessing in use is worse than others by more than the sampling error. */
function preprocessingWarning(
  recommendation: Recommendation | null,
  describe: (one: Preprocessing) => string,
  flags: PreprocessingFlags | null,
): Warning[] {
  if (recommendation === null) return [];
  const { among } = recommendation;
  if (among.some(({ name, order }) => name === OWN && order !== 'bgr')) return [];
  const others = among.map(describe).join('; ');
  const how =
    flags === null
      ? 'Check the order of its channels'
      : `Set it with ${flags.run} (other commands: ${flags.others})`;
  return [
    {
      code: 'preprocessing',
      message: `the teacher's predictions say clearly more with another preprocessing of the images (${others}). ${how}.`,
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

/** Without the warning that another explains: classes in another order are right by chance only. */
const withoutChance = (warnings: readonly Warning[]): Warning[] =>
  warnings.some(({ code }) => code === 'class-order')
    ? warnings.filter(({ code }) => code !== 'chance')
    : [...warnings];

function orderWarnings(
  { top1 }: Answers,
  labels: Int32Array | null,
  classNames: readonly string[] | null,
  { classes }: Sample,
): Warning[] {
  if (labels === null) return [];
  const message = classOrderWarning(Int32Array.from(top1), labels, { classNames }, { classes: classes! });
  return message === null ? [] : [{ code: 'class-order', message }];
}

/** How the images' labels are paired with the teacher's classes, where they can be. */
function pairingOf(
  { labels, classes, what, classesAreFolders }: Sample,
  teacher: { readonly classes: number; readonly classNames: readonly string[] | null },
): ClassPairing | null {
  if (labels === null || classes === null) return null;
  try {
    return pairClasses('the teacher', teacher, { name: what, classes, classesAreFolders });
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

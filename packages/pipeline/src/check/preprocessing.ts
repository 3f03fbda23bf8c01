import type { FixedNormalization, Normalization } from '@anc/core';
import { imagenetByteNormalizations } from '@anc/datasets/facts';
import { rate, type Rating } from './rating.js';
import { shownViews } from './shown-views.js';

/** Bytes [N, H, W, C] in, logits [N × classes] out. */
export type ImagesToLogits = (images: Uint8Array, count: number) => Promise<Float32Array>;

/** One way in which a classifier may expect its images. */
export interface Preprocessing {
  readonly name: string;
  readonly normalization: Normalization;
  /** The axes of what the classifier takes; `own` where it is known. */
  readonly layout: 'own' | 'nchw' | 'nhwc';
}

export type ColorOrder = 'rgb' | 'bgr' | 'grey';

export interface RatedPreprocessing extends Preprocessing, Rating {
  readonly order: ColorOrder;
  /** Share of right top-1 classes, where the images have labels. */
  readonly accuracy: number | null;
}

/** A classifier that reads bytes in one way. */
export interface OpenPreprocessing {
  readonly logits: ImagesToLogits;
  dispose(): Promise<void>;
}

export interface PreprocessingInput {
  /** Bytes [N, H, W, C]. */
  readonly images: Uint8Array;
  readonly shape: readonly [number, number, number];
  readonly classes: number;
  readonly labels: Int32Array | null;
}

/** The name of the reading that a teacher's file, or a person, gave. */
export const OWN = 'as it is given';

const CHANNELS = 3;
const grey = ({ mean, std }: FixedNormalization): FixedNormalization => ({
  mean: [mean.reduce((a, b) => a + b) / mean.length],
  std: [std.reduce((a, b) => a + b) / std.length],
});
const each = (mean: number, std: number): FixedNormalization => ({
  mean: new Array<number>(CHANNELS).fill(mean),
  std: new Array<number>(CHANNELS).fill(std),
});

/** The common ways of preparing pixels, in bytes; those of color images are averaged for grey ones. */
export function commonNormalizations(channels: number): Readonly<Record<string, FixedNormalization>> {
  const all = {
    '0 to 1': each(0, 255),
    '0 to 255': each(0, 1),
    '-1 to 1': each(127.5, 127.5),
    'ImageNet mean/std': imagenetByteNormalizations.torchvision,
    'ImageNet mean off': imagenetByteNormalizations.caffe,
  };
  if (channels === CHANNELS) return all;
  return Object.fromEntries(Object.entries(all).map(([name, fixed]) => [name, grey(fixed)]));
}

/** Normalizations under each layout that is possible. */
export function preprocessingCandidates(
  normalizations: Readonly<Record<string, Normalization>>,
  layouts: readonly Preprocessing['layout'][],
): Preprocessing[] {
  return layouts.flatMap((layout) =>
    Object.entries(normalizations).map(([name, normalization]) => ({ name, normalization, layout })),
  );
}

/** Views of an image that are shown: as it is, mirrored, moved down, moved right. */
export const VIEWS = 4;

/**
 * Shows the images under every reading, in both orders of color, and rates the answers; best first. Where there are
 * labels, right answers add their share of ln(classes). A reading that `open` refuses is left out.
 */
export async function ratePreprocessings(
  readings: readonly Preprocessing[],
  open: (reading: Preprocessing) => Promise<OpenPreprocessing>,
  { images, shape, classes, labels }: PreprocessingInput,
  onReading: (done: number, count: number) => void = () => undefined,
): Promise<RatedPreprocessing[]> {
  const orders: readonly ColorOrder[] = shape[2] === CHANNELS ? ['rgb', 'bgr'] : ['grey'];
  const count = images.length / (shape[0] * shape[1] * shape[2]);
  const rated: RatedPreprocessing[] = [];
  for (const [i, reading] of readings.entries()) {
    onReading(i, readings.length);
    const opened = await open(reading).catch(() => null);
    if (opened === null) continue;
    try {
      for (const order of orders) {
        const bytes = order === 'bgr' ? swapped(images) : images;
        const views: Float32Array[] = [];
        for (const view of shownViews(bytes, shape)) views.push(await opened.logits(view, count));
        const accuracy = labels === null ? null : accuracyOf(views[0]!, classes, labels);
        const rating = rate(views, classes);
        const score = rating.score + (accuracy ?? 0) * Math.log(classes);
        rated.push({ ...reading, order, ...rating, score, accuracy });
      }
    } finally {
      await opened.dispose();
    }
  }
  return rated.sort((a, b) => b.score - a.score);
}

/** Red and blue exchanged. */
export function swapped(images: Uint8Array): Uint8Array {
  const out = images.slice();
  for (let at = 0; at < out.length; at += CHANNELS) [out[at], out[at + 2]] = [images[at + 2]!, images[at]!];
  return out;
}

function accuracyOf(logits: Float32Array, classes: number, labels: Int32Array): number {
  let right = 0;
  labels.forEach((label, i) => {
    const row = logits.subarray(i * classes, (i + 1) * classes);
    if (row.indexOf(Math.max(...row)) === label) right++;
  });
  return right / labels.length;
}

/** The best reading and how sure that is: its lead over the next one, as a share of its score. */
export function likelyPreprocessing(
  rated: readonly RatedPreprocessing[],
): { best: RatedPreprocessing; lead: number } | null {
  const [best, next] = rated;
  if (best === undefined) return null;
  return { best, lead: best.score > 0 ? (best.score - (next?.score ?? 0)) / best.score : 0 };
}

/** `RGB, 0 to 1`. */
export const describePreprocessing = ({ name, order, layout }: RatedPreprocessing): string =>
  [order === 'grey' ? null : order.toUpperCase(), name, layout === 'own' ? null : layout.toUpperCase()]
    .filter((part) => part !== null)
    .join(', ');

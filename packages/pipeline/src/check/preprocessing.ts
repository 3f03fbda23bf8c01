import { topOf } from '@anc/core/internal';
import { Rng } from '@anc/core';
import type { Preprocessing } from './candidates.js';

import { rate, type Rating, type SampledRating } from './rating.js';
import { shownViews } from './shown-views.js';

/** Bytes [N, H, W, C] in, logits [N × classes] out. */
export type ImagesToLogits = (images: Uint8Array, count: number) => Promise<Float32Array>;

export interface RatedPreprocessing extends Preprocessing, Rating {
  /** Share of right top-1 classes, where the images have labels. */
  readonly accuracy: number | null;
  /**
   * How far the score is below the best one: the 2.5 % quantile of the difference over resampled images. Above zero, the
   * difference exceeds its sampling error; zero for the best.
   */
  readonly behind: number;
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

const CHANNELS = 3;

/** Views of an image that are shown: as it is, mirrored, moved down, moved right. */
export const VIEWS = 4;

/** Resamples of the images, and the place of the quantile among the sorted differences. */
const RESAMPLES = 400;
const QUANTILE = Math.floor(0.025 * RESAMPLES);

/**
 * Shows the images under every preprocessing and rates the answers; best first. One that `open` refuses is left out.
 * Differences are measured by a paired bootstrap over the images, seeded.
 */
export async function ratePreprocessings(
  candidates: readonly Preprocessing[],
  open: (candidate: Preprocessing) => Promise<OpenPreprocessing>,
  { images, shape, classes, labels }: PreprocessingInput,
  onCandidate: (done: number, count: number) => void = () => undefined,
): Promise<RatedPreprocessing[]> {
  const count = images.length / (shape[0] * shape[1] * shape[2]);
  const rated: { candidate: Preprocessing; rating: SampledRating; accuracy: number | null }[] = [];
  for (const [i, candidate] of candidates.entries()) {
    onCandidate(i, candidates.length);
    const opened = await open(candidate).catch(() => null);
    if (opened === null) continue;
    try {
      const bytes = candidate.order === 'bgr' ? swapped(images) : images;
      const views: Float32Array[] = [];
      for (const view of shownViews(bytes, shape)) views.push(await opened.logits(view, count));
      const accuracy = labels === null ? null : accuracyOf(views[0]!, classes, labels);
      rated.push({ candidate, rating: rate(views, classes, labels), accuracy });
    } finally {
      await opened.dispose();
    }
  }
  rated.sort((a, b) => b.rating.score - a.rating.score);
  const behind = behindFirst(
    rated.map(({ rating }) => rating),
    count,
  );
  return rated.map(({ candidate, rating: { scoreOf: _, ...rating }, accuracy }, i) => ({
    ...candidate,
    ...rating,
    accuracy,
    behind: behind[i]!,
  }));
}

/** For each rating, the quantile of how far it is below the first. */
function behindFirst(ratings: readonly SampledRating[], count: number): number[] {
  if (ratings.length === 0) return [];
  const rng = Rng.fromSeed(1).split('check', 'bootstrap');
  const draws = Array.from({ length: RESAMPLES }, () =>
    Int32Array.from({ length: count }, () => rng.int(count)),
  );
  const first = draws.map((draw) => ratings[0]!.scoreOf(draw));
  return ratings.map((rating, i) => {
    if (i === 0) return 0;
    const differences = draws.map((draw, d) => first[d]! - rating.scoreOf(draw));
    return differences.sort((a, b) => a - b)[QUANTILE]!;
  });
}

/** Red and blue exchanged. */
export function swapped(images: Uint8Array): Uint8Array {
  const out = images.slice();
  for (let at = 0; at < out.length; at += CHANNELS) [out[at], out[at + 2]] = [images[at + 2]!, images[at]!];
  return out;
}

/** Whether red and blue are the same everywhere: their order cannot be seen. */
export function isGrey(images: Uint8Array): boolean {
  for (let at = 0; at < images.length; at += CHANNELS) if (images[at] !== images[at + 2]) return false;
  return true;
}

function accuracyOf(logits: Float32Array, classes: number, labels: Int32Array): number {
  let right = 0;
  labels.forEach((label, i) => {
    if (topOf(logits, i * classes, classes) === label) right++;
  });
  return right / labels.length;
}

/** What a comparison of preprocessings shows. */
export interface Recommendation {
  /** `likely`: the first clearly exceeds all others; else `undecided` among several. */
  readonly verdict: 'likely' | 'undecided';
  /** The likely one, or those that cannot be distinguished, best first. */
  readonly among: readonly RatedPreprocessing[];
}

/**
 * Share of its score by which the best must exceed another beyond the sampling error: resampling does not see that the
 * score itself leans to some preprocessings.
 */
const MARGIN = 0.02;

/** Reads a comparison: the best preprocessing where it is clearly the best. Null where none works. */
export function recommend(rated: readonly RatedPreprocessing[]): Recommendation | null {
  const [best] = rated;
  if (best === undefined || best.score <= 0) return null;
  const among = rated.filter(({ behind }) => behind <= MARGIN * best.score);
  return { verdict: among.length === 1 ? 'likely' : 'undecided', among };
}

import { topOf } from '@anc/core/internal';
import { entropy, softmax } from './probabilities.js';

/** Logits of the same images under several views (shifted, mirrored): views × [N × classes]. */
export type ViewedLogits = readonly Float32Array[];

/** How much a classifier's answers say of the images, in nats. */
export interface Rating {
  /** decided + consistent, and, where there are labels, what they add. */
  readonly score: number;
  /** Information of the top-1 classes: they differ between images and agree between views of one. No scale matters. */
  readonly decided: number;
  /** Information that the probabilities of one view carry about the top-1 class of another. */
  readonly consistent: number;
  /** Information of the probabilities; not part of the score, since it grows with the scale of pixels, right or wrong. */
  readonly confident: number;
}

/** A rating whose sampling error can be measured. */
export interface SampledRating extends Rating {
  /** The score on images that were drawn with replacement. */
  scoreOf(images: ArrayLike<number>): number;
}

/** A log probability below this counts as this: a few images must not decide. */
const LEAST_LOG = -7;

/**
 * Rates answers by two bounds on the information that images and classes share; neither needs a label.
 *
 * decided = H(mean of the winners) − mean H(winners of the views of one image). A classifier that is given its images as
 * it was trained to sees many classes, one per image, and the same one when the image moves a little.
 *
 * consistent = H(winners) + E log p(winner of one view | another view), the bound of Barber and Agakov (2003): a network
 * must be as sure as its views agree, so pixels of a wrong scale, which make it too sure or not sure enough, rate lower.
 *
 * Labels add accuracy · ln(classes) + max(0, H(labels) + E log p(label)).
 */
export function rate(
  views: ViewedLogits,
  classes: number,
  labels: ArrayLike<number> | null = null,
): SampledRating {
  const rows = views.map((logits) => softmax(logits, classes));
  const count = rows[0]!.length / classes;
  const each = <T>(of: (image: number) => T): T[] => Array.from({ length: count }, (_, i) => of(i));
  const winners = each((i) => views.map((logits) => topOf(logits, i * classes, classes)));
  const within = winners.map(entropyOfLabels);
  const agreed = each((i) => crossLog(rows, winners[i]!, i * classes));
  const labelLog = labels === null ? null : each((i) => logOf(rows[0]!, i * classes + labels[i]!));
  const flat = Int32Array.from(winners.flat());
  const seen = views.length;
  const partsOf = (images: ArrayLike<number>): { decided: number; consistent: number; labeled: number } => {
    const n = images.length; // drawn 400 times: plain loops
    const [ofWinners, ofLabels] = [new Float64Array(classes), new Float64Array(classes)];
    let [each, agreement, right, likelihood] = [0, 0, 0, 0];
    for (let k = 0; k < n; k++) {
      const image = images[k]!;
      each += within[image]!;
      agreement += agreed[image]!;
      for (let v = image * seen; v < (image + 1) * seen; v++) ofWinners[flat[v]!]! += 1 / (n * seen);
      if (labels === null) continue;
      ofLabels[labels[image]!]! += 1 / n;
      likelihood += labelLog![image]!;
      if (flat[image * seen] === labels[image]) right++;
    }
    const spread = entropy(ofWinners);
    return {
      decided: Math.max(0, spread - each / n),
      consistent: Math.max(0, spread + agreement / n),
      labeled:
        labels === null
          ? 0
          : (right / n) * Math.log(classes) + Math.max(0, entropy(ofLabels) + likelihood / n),
    };
  };
  const { decided, consistent, labeled } = partsOf(each((i) => i));
  return {
    score: decided + consistent + labeled,
    decided,
    consistent,
    confident: information(meanOf(rows), classes),
    scoreOf(images) {
      const parts = partsOf(images);
      return parts.decided + parts.consistent + parts.labeled;
    },
  };
}

/** Mean of log p(winner of one view) in every other view; of a single view, in itself. */
function crossLog(rows: readonly Float64Array[], winners: readonly number[], at: number): number {
  let [sum, pairs] = [0, 0];
  for (const [a, winner] of winners.entries()) {
    for (const [b, row] of rows.entries()) {
      if (a === b && rows.length > 1) continue;
      sum += logOf(row, at + winner);
      pairs++;
    }
  }
  return sum / pairs;
}

const logOf = (row: Float64Array, at: number): number => Math.max(LEAST_LOG, Math.log(row[at]!));

/** H of the frequencies of labels. */
function entropyOfLabels(labels: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  return entropy(Float64Array.from(counts.values(), (n) => n / labels.length));
}

/** H(mean over images) − mean over images of H(image), for rows of probabilities. */
function information(rows: Float64Array, classes: number): number {
  const count = rows.length / classes;
  const overall = new Float64Array(classes);
  let each = 0;
  for (let i = 0; i < count; i++) {
    const row = rows.subarray(i * classes, (i + 1) * classes);
    each += entropy(row) / count;
    row.forEach((p, c) => (overall[c]! += p / count));
  }
  return Math.max(0, entropy(overall) - each);
}

function meanOf(views: readonly Float64Array[]): Float64Array {
  return views[0]!.map((_, i) => views.reduce((sum, rows) => sum + rows[i]!, 0) / views.length);
}

/** Logits of the same images under several views (shifted, mirrored): views × [N × classes]. */
export type ViewedLogits = readonly Float32Array[];

/** How much a classifier's answers say of the images, in nats; none of it needs a label. */
export interface Rating {
  /** decided + confident / 2: confidence also grows with the scale of pixels, right or wrong. */
  readonly score: number;
  /** Information of the top-1 classes: they differ between images and agree between views of one. No scale matters. */
  readonly decided: number;
  /** The same of the probabilities. */
  readonly confident: number;
}

/**
 * Rates answers by the mutual information of image and class, where an image's distribution is its mean over views.
 * A classifier that is given its images as it was trained to sees many classes, one per image, and the same one
 * when the image moves a little. Constant, random and saturated answers all rate low.
 */
export function rate(views: ViewedLogits, classes: number): Rating {
  const decided = information(meanOf(views.map((logits) => winners(logits, classes))), classes);
  const confident = information(meanOf(views.map((logits) => softmax(logits, classes))), classes);
  return { score: decided + confident / 2, decided, confident };
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

/** −Σ p ln p. */
export function entropy(row: Float64Array): number {
  let sum = 0;
  for (const p of row) if (p > 0) sum -= p * Math.log(p);
  return sum;
}

function meanOf(views: readonly Float64Array[]): Float64Array {
  return views[0]!.map((_, i) => views.reduce((sum, rows) => sum + rows[i]!, 0) / views.length);
}

function winners(logits: Float32Array, classes: number): Float64Array {
  const rows = new Float64Array(logits.length);
  for (let at = 0; at < logits.length; at += classes) rows[at + topOf(logits, at, classes)] = 1;
  return rows;
}

/** The place of the largest of `classes` logits from `at` on. */
export function topOf(logits: Float32Array, at: number, classes: number): number {
  let best = 0;
  for (let c = 1; c < classes; c++) if (logits[at + c]! > logits[at + best]!) best = c;
  return best;
}

/** Rows of probabilities; a row that is not finite becomes uniform: it says nothing. */
export function softmax(logits: Float32Array, classes: number): Float64Array {
  const rows = new Float64Array(logits.length);
  for (let at = 0; at < logits.length; at += classes) {
    const row = rows.subarray(at, at + classes);
    const top = logits[at + topOf(logits, at, classes)]!;
    let sum = 0;
    for (let c = 0; c < classes; c++) sum += row[c] = Math.exp(logits[at + c]! - top);
    for (let c = 0; c < classes; c++) row[c] = Number.isFinite(sum) ? row[c]! / sum : 1 / classes;
  }
  return rows;
}

/** Rows of logits on the host: `classes` numbers each, one row after the other. */
export interface LogitRows {
  readonly classes: number;
  readonly data: ArrayLike<number>;
}

/** Index of the largest logit of each row; the first of equal ones. */
export function topClasses({ classes, data }: LogitRows): Int32Array {
  const count = classes === 0 ? 0 : data.length / classes;
  return Int32Array.from({ length: count }, (_, i) => topOf(data, i * classes, classes));
}

/** Index of the largest of the `classes` logits from `at` on; the first of equal ones. */
export function topOf(logits: ArrayLike<number>, at: number, classes: number): number {
  let best = 0;
  for (let c = 1; c < classes; c++) if (logits[at + c]! > logits[at + best]!) best = c;
  return best;
}

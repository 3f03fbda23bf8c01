import type { LogitRows } from './top-classes.js';

/**
 * Number of rows whose label is not among the `k` largest logits. An equal logit of an earlier class comes first, as it
 * does for the largest; a logit that is not a number is wrong.
 */
export function countWrong({ classes, data }: LogitRows, labels: ArrayLike<number>, k: number): number {
  let wrong = 0;
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    const own = data[i * classes + label]!;
    let before = 0;
    for (let c = 0; c < classes; c++) {
      const other = data[i * classes + c]!;
      if (other > own || (other === own && c < label)) before++;
    }
    if (before >= k || Number.isNaN(own)) wrong++;
  }
  return wrong;
}

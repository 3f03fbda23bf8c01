import { topOf } from '@anc/core/internal';

/** −Σ p ln p. */
export function entropy(row: Float64Array): number {
  let sum = 0;
  for (const p of row) if (p > 0) sum -= p * Math.log(p);
  return sum;
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

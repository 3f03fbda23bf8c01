import type { Agreement, ChanceAgreement } from '../../contracts/task.js';

/**
 * Share of equal predictions of two models, and what constant or independent predictions reach. Both: class indices, one
 * for each image, pixel or whatever the task predicts.
 */
export function classAgreement(predicted: Int32Array, teacher: Int32Array): Agreement {
  let same = 0;
  for (let i = 0; i < teacher.length; i++) if (predicted[i] === teacher[i]) same++;
  return { agreement: same / teacher.length, chance: chanceAgreement(predicted, teacher) };
}

/**
 * Compares predictions with the teacher's.
 * κ = (p_o − p_e) / (1 − p_e), p_o the share of equal predictions, p_e = Σ_c share of c in one × share of c in the other.
 */
export function chanceAgreement(predicted: Int32Array, teacher: Int32Array): ChanceAgreement {
  const count = teacher.length;
  const [own, others] = [countsOf(predicted), countsOf(teacher)];
  let [same, expected] = [0, 0];
  for (let i = 0; i < count; i++) if (predicted[i] === teacher[i]) same++;
  for (const [label, n] of others) expected += (n / count) * ((own.get(label) ?? 0) / count);
  return {
    baseline: Math.max(...others.values()) / count,
    kappa: expected >= 1 ? null : (same / count - expected) / (1 - expected),
  };
}

function countsOf(predictions: Int32Array): Map<number, number> {
  const counts = new Map<number, number>();
  for (const label of predictions) counts.set(label, (counts.get(label) ?? 0) + 1);
  return counts;
}

/** A mean over seeds and the half-width of its 95 % interval; null where one value has none. */
export interface Interval {
  readonly mean: number;
  /** Half the width of the 95 % t-interval of the mean, or null for a single value. */
  readonly margin: number | null;
  readonly values: readonly number[];
}

/** Student's t-interval of the mean at 95 %: mean ± t(n - 1, 0.975) · s / √n. `values` is not empty. */
export function intervalOf(values: readonly number[]): Interval {
  const count = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  if (count < 2) return { mean, margin: null, values };
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1);
  return { mean, margin: tQuantile(count - 1) * Math.sqrt(variance / count), values };
}

/** The differences of two equally long lists, pair by pair, and the interval of their mean. */
export const pairedInterval = (values: readonly number[], others: readonly number[]): Interval =>
  intervalOf(values.map((value, i) => value - others[i]!));

/** The t with P(|T| ≤ t) = `share` for whole degrees of freedom ≥ 1, by bisection. */
export function tQuantile(freedom: number, share = 0.95): number {
  let [low, high] = [0, 1];
  while (withinProbability(high, freedom) < share) high *= 2;
  for (let i = 0; i < 80; i++) {
    const middle = (low + high) / 2;
    if (withinProbability(middle, freedom) < share) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** P(|T| ≤ t): Abramowitz & Stegun 26.7.3 (odd degrees of freedom) and 26.7.4 (even). */
function withinProbability(t: number, freedom: number): number {
  const angle = Math.atan(t / Math.sqrt(freedom));
  const cosine = Math.cos(angle) ** 2;
  const odd = freedom % 2 === 1;
  let [sum, term] = [0, 1];
  for (let k = odd ? 2 : 1; k < freedom; k += 2) {
    sum += term;
    term *= (cosine * k) / (k + 1);
  }
  return odd ? (2 / Math.PI) * (angle + Math.sin(angle) * Math.cos(angle) * sum) : Math.sin(angle) * sum;
}

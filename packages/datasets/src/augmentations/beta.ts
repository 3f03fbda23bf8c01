import type { Rng } from '@anc/core';

/** Above this, Jöhnk's method would reject almost every draw. */
const LARGE = 8;

/**
 * A sample of Beta(α, α). Up to α = 8 by Jöhnk's method, fast for α ≤ 1, where x^(1/α) + y^(1/α) is often at most 1;
 * beyond, as a share of two samples of Gamma(α).
 */
export function symmetricBeta(alpha: number, rng: Rng): number {
  if (alpha > LARGE) {
    const [x, y] = [gamma(alpha, rng), gamma(alpha, rng)];
    return x / (x + y);
  }
  for (;;) {
    const x = rng.uniform() ** (1 / alpha);
    const y = rng.uniform() ** (1 / alpha);
    if (x + y <= 1 && x + y > 0) return x / (x + y);
  }
}

/** A sample of Gamma(α), α ≥ 1 (Marsaglia and Tsang 2000). */
function gamma(alpha: number, rng: Rng): number {
  const d = alpha - 1 / 3;
  for (;;) {
    const x = rng.normal();
    const v = (1 + x / Math.sqrt(9 * d)) ** 3;
    if (v > 0 && Math.log(1 - rng.uniform()) < 0.5 * x * x + d * (1 - v + Math.log(v))) return d * v;
  }
}

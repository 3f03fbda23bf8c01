import type { Stage } from '../contracts/method.js';
import { AncError } from '../errors/error.js';

/** Quotas closer than this are equal: shares such as 1 - 0.9 carry rounding errors. */
const TOLERANCE = 1e-9;

/**
 * Divides a run's epochs among its stages in proportion to their shares, by the largest remainder method: every stage
 * gets the whole part of its quota `epochs · share / Σ shares`, and the epochs that are left go one each to the
 * largest fractional parts, ties to the earlier stage. So the parts add up to `epochs` exactly.
 *
 * A part can be 0, always so where there are fewer epochs than stages. The caller skips such a stage: it is neither
 * initialized nor trained, and the trained student is that of the last stage that was trained.
 *
 * @param stages in order; a share that is left out counts as 1.
 * @param epochs of the whole run, an integer, 0 or more.
 * @returns one integer per stage, in order.
 * @throws `ANC_STAGE` where `epochs` is not a count, a share is negative or not finite, or all shares are 0.
 */
export function allocateEpochs(stages: readonly Pick<Stage, 'share'>[], epochs: number): readonly number[] {
  const shares = stages.map(({ share }) => share ?? 1);
  const total = shares.reduce((sum, share) => sum + share, 0);
  const valid = shares.every((share) => share >= 0) && total > 0 && total < Infinity;
  if (!valid || !Number.isInteger(epochs) || epochs < 0) {
    throw new AncError('ANC_STAGE', 'epochs cannot be divided among the stages.', {
      expected: 'an integer of epochs, 0 or more, and shares of at least 0 that are not all 0',
      received: `${epochs} epochs, shares [${shares.join(', ')}]`,
    });
  }
  const quotas = shares.map((share) => (epochs * share) / total);
  const parts = quotas.map((quota) => Math.floor(quota + TOLERANCE));
  const remainders = quotas.map((quota, i) => quota - parts[i]!);
  const left = epochs - parts.reduce((sum, part) => sum + part, 0);
  for (let i = 0; i < left; i++) {
    const largest = Math.max(...remainders);
    const next = remainders.findIndex((remainder) => remainder > largest - TOLERANCE);
    parts[next]! += 1;
    remainders[next]! -= 1;
  }
  return parts;
}

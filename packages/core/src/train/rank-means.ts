import type { Backend, Inputs } from '../contracts/backend.js';
import type { SynchronizedBatchNorm } from '../contracts/exchange.js';
import { AncError } from '../errors/error.js';
import type { Between } from './split-step.js';

/**
 * Means over ranks while a phase computes its gradients, as an input of its step; none where batch norm is each rank's own.
 *
 * @param rows of the part of the batch that is computed: the weight of this rank
 */
export function rankMeansOf(
  phase: string,
  rows: number,
  { exchange, synchronized }: Between,
): Pick<Inputs, 'rankMeans'> {
  if (exchange === null || synchronized === null) return {};
  const { blocking } = synchronized;
  const own = (values: Float32Array): Parameters<typeof exchange>[0] => ({
    phase: `${phase}/batch-norm`,
    rows,
    values: [values],
  });
  return {
    rankMeans: {
      mean: async (values) => (await exchange(own(values)))[0]!,
      meanBlocking: blocking === undefined ? null : (values) => blocking(own(values))[0]!,
    },
  };
}

/**
 * Checks that a backend can take means over ranks in the middle of a step.
 *
 * @throws `ANC_RANK_MEANS`
 */
export function assertRankMeans(
  { name, capabilities: { rankMeans = null } }: Backend,
  { blocking }: SynchronizedBatchNorm,
): void {
  if (rankMeans === 'awaiting' || (rankMeans === 'blocking' && blocking !== undefined)) return;
  throw new AncError('ANC_RANK_MEANS', `backend "${name}" cannot synchronize batch norm across ranks.`, {
    expected:
      rankMeans === null
        ? 'a backend that exchanges means in the middle of a step'
        : 'a collective that can block, as this backend runs a step without waiting for promises',
    received: rankMeans === null ? `one that does not: ${name}` : 'a collective without allReduceBlocking',
    hint: 'use --backend onnx, or --batch-norm local: each rank then normalizes by the statistics of its own rows.',
  });
}

import type { Backend, Inputs } from '../contracts/backend.js';
import type {
  BlockingExchange,
  Exchange,
  PhaseMeans,
  RankMeans,
  SynchronizedBatchNorm,
} from '../contracts/exchange.js';
import { AncError } from '../errors/error.js';

/** What takes place between ranks; null where nothing does. */
export interface Between {
  /** Between the gradients of a phase and its update. */
  readonly exchange: Exchange | null;
  /** Batch norm over the rows of all ranks. */
  readonly synchronized: SynchronizedBatchNorm | null;
  /** Rows on which this rank trains, its weight, where they are not those of its batch. */
  readonly rows?: number | undefined;
}

/**
 * Means over ranks while a phase computes its gradients, as an input of its step; none where batch norm is each rank's own.
 *
 * @param rows of the part of the batch that is computed: the weight of this rank
 */
export function rankMeansOf(
  phase: string,
  rows: number,
  { exchange, synchronized, rows: all }: Between,
): Pick<Inputs, 'rankMeans'> {
  if (exchange === null || synchronized === null) return {};
  return { rankMeans: meansBy(exchange, `${phase}/batch-norm`, all ?? rows, synchronized.blocking) };
}

/**
 * Means over ranks by an exchange, of one array at a time.
 *
 * @param phase under which name they are exchanged
 */
export function meansBy(
  exchange: Exchange,
  phase: string,
  rows: number,
  blocking?: BlockingExchange,
): RankMeans {
  const own = (values: Float32Array): PhaseMeans => ({ phase, rows, values: [values] });
  return {
    mean: async (values) => {
      const means = await exchange(own(values));
      assertExchanged(phase, [values], means);
      return means[0]!;
    },
    meanBlocking: blocking === undefined ? null : (values) => blocking(own(values))[0]!,
  };
}

/** @throws `ANC_EXCHANGE` where an exchange returned arrays of other lengths than it was given. */
export function assertExchanged(
  phase: string,
  values: readonly Float32Array[],
  means: readonly Float32Array[],
): void {
  const lengths = (arrays: readonly Float32Array[]): string => arrays.map(({ length }) => length).join(', ');
  if (lengths(means) === lengths(values)) return;
  throw new AncError('ANC_EXCHANGE', `the exchange of phase "${phase}" returned arrays of other lengths.`, {
    expected: lengths(values),
    received: lengths(means),
  });
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

import type { Backend, CompiledStep, DeviceState, Inputs } from '../contracts/backend.js';
import type { Exchange, SynchronizedBatchNorm } from '../contracts/exchange.js';
import type { StepSpec } from '../contracts/step.js';
import type { Tree } from '../tree/tree.js';
import { meansBy } from './rank-means.js';

/**
 * Whether ranks exchange within a step that is compiled as a whole. Batches of several parts, and backends that run op by op
 * and so would block in the middle of a step, exchange between the halves of its phases; see `SplitStep`.
 */
export const exchangesWithin = ({ capabilities }: Backend, accumulate: number): boolean =>
  accumulate === 1 && capabilities.rankMeans === 'awaiting';

/** What such a step is compiled for. */
export const exchangingSpec = <S extends StepSpec>(
  spec: S,
  synchronized: SynchronizedBatchNorm | null,
): S & Required<Pick<StepSpec, 'exchanges'>> => ({
  ...spec,
  exchanges: true,
  ...(synchronized !== null && { ranks: synchronized.ranks }),
});

/** A step that exchanges with other ranks while it runs: the means of batch norm, and what its phases' gradients return. */
export class ExchangingStep implements CompiledStep {
  readonly metricsOfRuns?: () => Promise<readonly Tree<number>[]>;

  /**
   * @param name of its exchanges: its phases
   * @param rows of the batch that this rank computes: its weight
   */
  constructor(
    readonly compiled: CompiledStep,
    readonly name: string,
    readonly rows: number,
    readonly exchange: Exchange,
  ) {
    if (compiled.metricsOfRuns !== undefined) this.metricsOfRuns = () => compiled.metricsOfRuns!();
  }

  run(state: DeviceState, inputs: Inputs): Promise<void> {
    const rankMeans = meansBy(this.exchange, this.name, this.rows);
    return this.compiled.run(state, { ...inputs, rankMeans });
  }

  metrics(): Promise<Tree<number>> {
    return this.compiled.metrics();
  }

  dispose(): Promise<void> {
    return this.compiled.dispose();
  }
}

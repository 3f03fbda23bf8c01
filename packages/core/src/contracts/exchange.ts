/** One process among those that train together: each has its rows of every batch. */
export interface Rank {
  /** From 0. */
  readonly rank: number;
  /** How many there are. */
  readonly ranks: number;
}

/** One rank's values of a phase, means over its rows of the batch. */
export interface PhaseMeans {
  /**
   * The phase's name: the same for all ranks, as the exchanges of a step have the same order everywhere. A step that exchanges while
   * it runs (`StepSpec.exchanges`) has the names of its phases in all of its exchanges, joined by `+`, and one array in each.
   */
  readonly phase: string;
  /** Rows of the batch that these are means over: the weight in the mean over all ranks. */
  readonly rows: number;
  /**
   * The gradients, then the other means that the update needs, then the statistics that the forward pass changed, each
   * in code-unit order of their names, and last the metrics in that order, as one array. The arrays are the receiver's.
   */
  readonly values: readonly Float32Array[];
}

/**
 * Takes place between the gradients of a phase and its update. Returns the means of all ranks, weighted by their rows:
 * arrays of the lengths and in the order of `values`. Every rank must receive the same bytes, else their weights drift
 * apart.
 */
export type Exchange = (own: PhaseMeans) => Promise<readonly Float32Array[]>;

/** The same, which blocks the thread until all ranks are there. */
export type BlockingExchange = (own: PhaseMeans) => readonly Float32Array[];

/**
 * Batch norm over the rows of all ranks. Its sums are exchanged while a phase computes its gradients, by the exchange that
 * averages them afterwards, as a phase named `<phase>/batch-norm`.
 */
export interface SynchronizedBatchNorm {
  /** How many ranks there are. */
  readonly ranks: number;
  /**
   * For backends that run op by op, which cannot wait for a promise in the middle of a step
   * (`Capabilities.rankMeans: 'blocking'`).
   */
  readonly blocking?: BlockingExchange;
}

/** Means over all ranks of a step's values in its middle, weighted by rows. */
export interface RankMeans {
  /** Means of a buffer, element by element; a new one. */
  mean(values: Float32Array): Promise<Float32Array>;
  /** The same, which blocks the thread; null where there is none. */
  readonly meanBlocking: ((values: Float32Array) => Float32Array) | null;
}

import type { Rank } from './exchange.js';

/**
 * What several processes that train together need of a communication library: MPI, NCCL, or what a test has in their place.
 * All ranks call the same operations in the same order, one at a time, and each operation is finished when all have called it.
 */
export interface Collective extends Rank {
  /** The library and its version, as messages name it. */
  readonly name: string;
  /**
   * Sums a buffer over all ranks, element by element; all have the same length. Every rank gets the same bytes, and for one
   * number of ranks the same buffers always give the same bytes: the order of the sums is fixed. Buffers are not changed.
   */
  allReduce(buffer: Float32Array): Promise<Float32Array>;
  /**
   * Means over all ranks: Σ weight · value / Σ weight, element by element. The same rules as for sums, but that the buffer may be
   * overwritten, and returned. What a step exchanges is averaged by it; by `allReduce` where it is left out, which passes over the
   * buffer more often.
   *
   * @param weights of the ranks, in their order; the same on all of them
   */
  allReduceMean?(buffer: Float32Array, weights: readonly number[]): Promise<Float32Array>;
  /**
   * The same sum as `allReduce`, bit for bit, which blocks the thread until all ranks are there. Needed by synchronized batch norm on
   * backends that run op by op, and by nothing else; left out where the library cannot.
   */
  allReduceBlocking?(buffer: Float32Array): Float32Array;
  /** Gives every rank the bytes of rank `root`, of whatever length; those that others pass are ignored. */
  broadcast(bytes: Uint8Array, root: number): Promise<Uint8Array>;
  /** Waits for all ranks. */
  barrier(): Promise<void>;
  /** The last operation: frees what belongs to the library. */
  close(): Promise<void>;
}

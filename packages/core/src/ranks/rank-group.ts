import type { Collective } from '../contracts/collective.js';
import type { Exchange, Rank, SynchronizedBatchNorm } from '../contracts/exchange.js';
import { AncError } from '../errors/error.js';
import { blockingExchangeByAllReduce, exchangeByAllReduce } from '../train/all-reduce.js';
import { decodeError, encodeError } from './rank-error.js';

/** What the ranks are about to do, as a number: they must all be about to do the same. */
const OPERATIONS = { exchange: 1, broadcast: 2, agree: 3, finish: 4 } as const;

const SHARED = Symbol.for('@anc/shared-error');

/** Whether all ranks have learned of an error: it needs to be reported by one of them. */
export const isSharedError = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && SHARED in error;

/** Marks an error that was made of another one, of which all ranks have learned, as known to them. Returns it. */
export function sharedLike<E>(made: E, error: unknown): E {
  if (isSharedError(error)) markShared(made);
  return made;
}

function markShared(error: unknown): void {
  if (typeof error === 'object' && error !== null && !isSharedError(error))
    Object.defineProperty(error, SHARED, { value: true });
}

const different = (): AncError =>
  new AncError('ANC_RANKS', 'the ranks of this training do different things.', {
    hint: 'start all of them with the same program, options and data.',
  });

function joined(values: readonly Float32Array[], length: number): Float32Array {
  const buffer = new Float32Array(length);
  let at = 0;
  for (const array of values) {
    buffer.set(array, at);
    at += array.length;
  }
  return buffer;
}

/** Signatures are below it, so that float32 holds them. */
const SIGNATURES = 2 ** 24 - 3;

/**
 * The ranks of a training, seen from one of them. Before each operation they sum a few numbers: whether one has failed,
 * whether one is to stop, and, each at a place of its own, a signature of the operation. So an error on one rank ends all of them with its reason, a
 * signal to one stops all at the same step, and ranks that do different things learn it instead of waiting for each other.
 */
export class RankGroup implements Rank {
  readonly #collective: Collective;
  readonly #stop = new AbortController();
  #stopRequested = false;
  /** Whether a blocking operation has learned that another rank failed, and not yet why. */
  #hasOtherFailed = false;

  constructor(collective: Collective) {
    this.#collective = collective;
  }

  /** From 0. */
  get rank(): number {
    return this.#collective.rank;
  }

  /** How many there are. */
  get ranks(): number {
    return this.#collective.ranks;
  }

  /** The communication library. */
  get name(): string {
    return this.#collective.name;
  }

  /** Aborted when a rank was requested to stop: on all of them after the same operation. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Stops all ranks after the next operation. */
  requestStop(): void {
    this.#stopRequested = true;
  }

  /** The mean of a phase's values over all ranks, weighted by their rows. */
  readonly exchange: Exchange = async (own) => {
    const length = own.values.reduce((sum, values) => sum + values.length, 0);
    const weights = await this.#enter(OPERATIONS.exchange, length, different, own.rows);
    if (this.#collective.allReduceMean === undefined) return this.#exchange(own);
    const [only] = own.values;
    const isOne = own.values.length === 1;
    const means = await this.#collective.allReduceMean(isOne ? only! : joined(own.values, length), weights);
    let at = 0;
    return isOne ? [means] : own.values.map((values) => means.subarray(at, (at += values.length)));
  };

  readonly #exchange = exchangeByAllReduce((buffer) => this.#collective.allReduce(buffer));

  /** What synchronizes batch norm over all ranks, by `exchange`. */
  get synchronizedBatchNorm(): SynchronizedBatchNorm {
    const { ranks } = this;
    const allReduce = this.#collective.allReduceBlocking?.bind(this.#collective);
    if (allReduce === undefined) return { ranks };
    const exchange = blockingExchangeByAllReduce(allReduce);
    return {
      ranks,
      blocking: (own) => {
        const length = own.values.reduce((sum, values) => sum + values.length, 0);
        const isFailed = this.#entered(allReduce(this.#entry(OPERATIONS.exchange, length)), different);
        if (!isFailed) return exchange(own);
        this.#hasOtherFailed = true; // the reason follows when `guard` gets this error: it is sent by promises
        throw different();
      },
    };
  }

  /** The bytes of rank `root`, on every rank. */
  async broadcast(bytes: Uint8Array, root: number): Promise<Uint8Array> {
    await this.#enter(OPERATIONS.broadcast, root);
    return this.#collective.broadcast(bytes, root);
  }

  /** What `work` returns on rank 0, which JSON holds, on every rank; the others do not call it. */
  async share<T>(work: () => T | Promise<T>): Promise<T> {
    const own = this.rank === 0 ? await this.guard(work) : null;
    const bytes = await this.broadcast(new TextEncoder().encode(JSON.stringify(own)), 0);
    return JSON.parse(new TextDecoder().decode(bytes)) as T;
  }

  /**
   * Waits until all ranks are here. Throws the error of one that failed before, and `ANC_RANKS` where they are here with
   * different values.
   *
   * @param value a whole number, such as a checksum of what must be the same for all
   * @param otherwise the error where it is not
   */
  async agree(value = 0, otherwise: () => AncError = different): Promise<void> {
    await this.#enter(OPERATIONS.agree, value, otherwise);
  }

  /** Does work of this rank alone; where it throws, all ranks throw at their next operation. */
  async guard<T>(work: () => T | Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (this.#hasOtherFailed) {
        this.#hasOtherFailed = false;
        throw await this.#reasonOf(null);
      }
      if (!isSharedError(error)) await this.#fail(error);
      throw error;
    }
  }

  /** The last operation: waits until all ranks are here, and frees the library. */
  async finish(): Promise<void> {
    await this.#enter(OPERATIONS.finish, 0);
    await this.#collective.close();
  }

  /** Frees the library after an error that all ranks have. */
  close(): Promise<void> {
    return this.#collective.close();
  }

  /** Returns the weights of all ranks. */
  async #enter(
    operation: number,
    detail: number,
    otherwise = different,
    weight = 0,
  ): Promise<readonly number[]> {
    const sums = await this.#collective.allReduce(this.#entry(operation, detail, weight));
    if (this.#entered(sums, otherwise)) throw await this.#reasonOf(null);
    return [...sums.subarray(2 + this.ranks)];
  }

  /** What this rank says before an operation. */
  #entry(operation: number, detail: number, weight = 0): Float32Array {
    const own = new Float32Array(2 + 2 * this.ranks);
    own[1] = this.#stopRequested ? 1 : 0;
    own[2 + this.rank] = (operation + 8 * detail) % SIGNATURES;
    own[2 + this.ranks + this.rank] = weight;
    return own;
  }

  /** Whether a rank has failed, by the sums of what all of them said. Throws where they do different things. */
  #entered(sums: Float32Array, otherwise: () => AncError): boolean {
    const [failed, stop, ...said] = sums;
    if (failed! > 0) return true;
    if (stop! > 0) this.#stop.abort();
    const signatures = said.slice(0, this.ranks);
    if (signatures.every((signature) => signature === signatures[0])) return false;
    const error = otherwise();
    markShared(error); // all ranks see the signatures
    throw error;
  }

  /** Reports an error to the others at their next operation. */
  async #fail(error: unknown): Promise<void> {
    await this.#collective.allReduce(new Float32Array(2 + 2 * this.ranks).fill(1, 0, 1));
    await this.#reasonOf(error);
    markShared(error);
  }

  /** The error of the first rank that failed, exchanged by all of them. */
  async #reasonOf(own: unknown): Promise<AncError> {
    let first: AncError | null = null;
    for (let rank = 0; rank < this.ranks; rank++) {
      const sent = rank === this.rank && own !== null ? encodeError(own) : new Uint8Array();
      const bytes = await this.#collective.broadcast(sent, rank);
      if (bytes.length > 0) first ??= decodeError(bytes, rank);
    }
    markShared(first);
    return first!;
  }
}

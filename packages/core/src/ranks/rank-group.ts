import type { Collective } from '../contracts/collective.js';
import type { Exchange, Rank } from '../contracts/exchange.js';
import { AncError } from '../errors/error.js';
import type { Json } from '../json/json.js';
import { exchangeByAllReduce } from '../train/all-reduce.js';
import { decodeError, encodeError } from './rank-error.js';

/** What the ranks are about to do, as a number: they must all be about to do the same. */
const OPERATIONS = { exchange: 1, broadcast: 2, agree: 3, finish: 4 } as const;

/** Signatures are below it, so that their sum over thousands of ranks is exact in float32. */
const SIGNATURES = 4093;

/**
 * The ranks of a training, seen from one of them. Before each operation they sum three numbers: whether one has failed,
 * whether one is to stop, and a signature of the operation. So an error on one rank ends all of them with its reason, a
 * signal to one stops all at the same step, and ranks that do different things learn it instead of waiting for each other.
 */
export class RankGroup implements Rank {
  readonly #collective: Collective;
  readonly #stop = new AbortController();
  readonly #shared = new WeakSet<object>();
  #stopRequested = false;

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
    await this.#enter(OPERATIONS.exchange, length);
    return this.#exchange(own);
  };

  readonly #exchange = exchangeByAllReduce((buffer) => this.#collective.allReduce(buffer));

  /** The bytes of rank `root`, on every rank. */
  async broadcast(bytes: Uint8Array, root: number): Promise<Uint8Array> {
    await this.#enter(OPERATIONS.broadcast, root);
    return this.#collective.broadcast(bytes, root);
  }

  /** What `work` returns on rank 0, on every rank; the others do not call it. */
  async share<T extends Json>(work: () => T | Promise<T>): Promise<T> {
    const own = this.rank === 0 ? await this.guard(work) : null;
    const bytes = await this.broadcast(new TextEncoder().encode(JSON.stringify(own)), 0);
    return JSON.parse(new TextDecoder().decode(bytes)) as T;
  }

  /** Waits until all ranks are here. Throws the error of one that failed before. */
  agree(): Promise<void> {
    return this.#enter(OPERATIONS.agree, 0);
  }

  /** Does work of this rank alone; where it throws, all ranks throw at their next operation. */
  async guard<T>(work: () => T | Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!this.#isShared(error)) await this.#fail(error);
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

  async #enter(operation: number, detail: number): Promise<void> {
    const signature = (operation + 8 * detail) % SIGNATURES;
    const own = Float32Array.of(0, this.#stopRequested ? 1 : 0, signature);
    const [failed, stop, sum] = await this.#collective.allReduce(own);
    if (failed! > 0) throw await this.#reasonOf(null);
    if (stop! > 0) this.#stop.abort();
    if (sum! === this.ranks * signature) return;
    const error = new AncError('ANC_RANKS', 'the ranks of this training do different things.', {
      hint: 'start all of them with the same program, options and data.',
    });
    this.#shared.add(error); // all ranks see the sum
    throw error;
  }

  /** Reports an error to the others at their next operation. */
  async #fail(error: unknown): Promise<void> {
    await this.#collective.allReduce(Float32Array.of(1, 0, 0));
    await this.#reasonOf(error);
    if (typeof error === 'object' && error !== null) this.#shared.add(error);
  }

  /** The error of the first rank that failed, exchanged by all of them. */
  async #reasonOf(own: unknown): Promise<AncError> {
    let first: AncError | null = null;
    for (let rank = 0; rank < this.ranks; rank++) {
      const sent = rank === this.rank && own !== null ? encodeError(own) : new Uint8Array();
      const bytes = await this.#collective.broadcast(sent, rank);
      if (bytes.length > 0) first ??= decodeError(bytes, rank);
    }
    this.#shared.add(first!);
    return first!;
  }

  #isShared(error: unknown): boolean {
    return typeof error === 'object' && error !== null && this.#shared.has(error);
  }
}

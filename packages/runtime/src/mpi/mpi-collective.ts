import { setTimeout as pause } from 'node:timers/promises';
import { AncError, type Collective } from '@anc/core';
import type { CFunction } from '@anc/core/internal';
import type { MpiLibrary } from './library.js';

/** Level of threads: only the one that initialized MPI calls it. */
const FUNNELED = 1;
/** Buffers up to this many numbers are gathered whole: one message instead of two. */
const SMALL = 2048;
/** Numbers that are added at once: MPI counts bytes in 32 bits. */
const PIECE = 1 << 28;
/** Bytes of one broadcast, for the same reason. */
const MESSAGE = 1 << 28;
/** Milliseconds for which waiting asks without a pause; then it leaves the processor to others. */
const EAGER_MS = 20;

/** Milliseconds for which it is asked before other work of this thread has its turn. */
const TURN_MS = 0.2;

/** How a piece of a buffer is reduced. */
interface Reduction {
  /** The part of all ranks that this one adds, one rank after the other, and where what it adds up to is written. */
  readonly piece: { readonly received: Float32Array; readonly own: Float32Array };
  /** Starts to send each rank its part. */
  readonly start: (request: Buffer) => unknown;
  /** Starts to gather what all ranks have added. */
  readonly finish: (added: Float32Array) => (request: Buffer) => unknown;
}

/** What a thread waits on that only lets time pass. */
const NEVER = new Int32Array(new SharedArrayBuffer(4));

/** Handles are passed as numbers as wide as an address: where they are of 32 bits, the upper half is ignored. */
const HANDLE = 'intptr_t';
const BLOCK = ['void *', 'int', HANDLE];
const PARTS = ['void *', 'void *', 'void *', HANDLE];

/**
 * The ranks of an MPI program. Buffers are sent as bytes and added here, in the order of the ranks: each rank adds the numbers of
 * one part of the buffer and sends the others the sums. So the result does not depend on the implementation, on its choice of
 * algorithm or on what arrives first, and costs what a ring costs, twice the buffer per rank.
 *
 * Operations are started without blocking and asked for until they are done, so that this thread goes on preparing batches.
 */
export class MpiCollective implements Collective {
  readonly name: string;
  readonly #world: bigint;
  readonly #byte: bigint;
  readonly #allgather: CFunction;
  readonly #alltoallv: CFunction;
  readonly #allgatherv: CFunction;
  readonly #broadcast: CFunction;
  readonly #barrier: CFunction;
  readonly #test: CFunction;
  readonly #finalize: CFunction;
  #scratch = new Float32Array();
  /** What started the operation that runs, which holds all memory that it reads and writes: nothing else might. */
  readonly #running = new Set<unknown>();
  readonly #request = Buffer.alloc(8);
  readonly #done = Buffer.alloc(4);
  readonly #status = Buffer.alloc(64);

  private constructor(
    { name, functions, world, byte }: MpiLibrary,
    readonly rank: number,
    readonly ranks: number,
  ) {
    const bind = (name: string, args: readonly string[]): CFunction => functions.func(name, 'int', args);
    this.name = name;
    this.#world = world;
    this.#byte = byte;
    this.#allgather = bind('MPI_Iallgather', [...BLOCK, ...BLOCK, HANDLE, 'void *']);
    this.#alltoallv = bind('MPI_Ialltoallv', [...PARTS, ...PARTS, HANDLE, 'void *']);
    this.#allgatherv = bind('MPI_Iallgatherv', [...BLOCK, ...PARTS, HANDLE, 'void *']);
    this.#broadcast = bind('MPI_Ibcast', [...BLOCK, 'int', HANDLE, 'void *']);
    this.#barrier = bind('MPI_Ibarrier', [HANDLE, 'void *']);
    this.#test = bind('MPI_Test', ['void *', 'void *', 'void *']);
    this.#finalize = bind('MPI_Finalize', []);
  }

  /**
   * Initializes MPI, once in a process.
   *
   * @param ranks how many the launcher started
   * @throws `ANC_MPI` where MPI sees another number of them: each process would train for itself.
   */
  static open(library: MpiLibrary, ranks: number): MpiCollective {
    const { functions, world } = library;
    const number = Buffer.alloc(4);
    const initialize = functions.func('MPI_Init_thread', 'int', ['void *', 'void *', 'int', 'void *']);
    succeed('MPI_Init_thread', initialize(null, null, FUNNELED, number));
    const ask = (name: string): number => {
      succeed(name, functions.func(name, 'int', [HANDLE, 'void *'])(world, number));
      return number.readInt32LE(0);
    };
    const collective = new MpiCollective(library, ask('MPI_Comm_rank'), ask('MPI_Comm_size'));
    if (collective.ranks === ranks) return collective;
    throw new AncError('ANC_MPI', 'the MPI library does not see the other ranks.', {
      expected: `${ranks} ranks`,
      received: `${collective.ranks} in ${library.name}, ${library.path}`,
      hint: 'use the mpiexec of the same installation, or name its library in ANC_MPI_LIBRARY.',
    });
  }

  async allReduce(buffer: Float32Array): Promise<Float32Array> {
    const { ranks } = this;
    const { length } = buffer;
    if (length <= SMALL) return sumOf(await this.#gather(buffer), ranks, new Float32Array(length));
    const sums = new Float32Array(length);
    for (const { piece, start, finish } of this.#pieces(buffer, sums)) {
      await this.#wait('MPI_Ialltoallv', start);
      const own = sumOf(piece.received, ranks, piece.own);
      await this.#wait('MPI_Iallgatherv', finish(own));
    }
    return sums;
  }

  async allReduceMean(buffer: Float32Array, weights: readonly number[]): Promise<Float32Array> {
    const { length } = buffer;
    if (length <= SMALL) return meanOf(await this.#gather(buffer), weights, new Float32Array(length));
    // What was sent makes place for the means.
    for (const { piece, start, finish } of this.#pieces(buffer, buffer)) {
      await this.#wait('MPI_Ialltoallv', start);
      const own = meanOf(piece.received, weights, piece.own);
      await this.#wait('MPI_Iallgatherv', finish(own));
    }
    return buffer;
  }

  allReduceBlocking(buffer: Float32Array): Float32Array {
    const { ranks } = this;
    const { length } = buffer;
    if (length <= SMALL) return sumOf(this.#gatherBlocking(buffer), ranks, new Float32Array(length));
    const sums = new Float32Array(length);
    for (const { piece, start, finish } of this.#pieces(buffer, sums)) {
      this.#block('MPI_Ialltoallv', start);
      const own = sumOf(piece.received, ranks, piece.own);
      this.#block('MPI_Iallgatherv', finish(own));
    }
    return sums;
  }

  /** Cuts a buffer, and the one for what comes of it, into pieces that are reduced one after the other. */
  *#pieces(buffer: Float32Array, results: Float32Array): Generator<Reduction> {
    for (let at = 0; at < buffer.length; at += PIECE)
      yield this.#reduction(buffer.subarray(at, at + PIECE), results.subarray(at, at + PIECE));
  }

  /** The two messages by which a piece is reduced: rank i adds part i of it. */
  #reduction(buffer: Float32Array, results: Float32Array): Reduction {
    const { ranks, rank } = this;
    const part = Math.ceil(buffer.length / ranks);
    const begins = Int32Array.from({ length: ranks }, (_, i) => 4 * Math.min(i * part, buffer.length));
    const sizes = begins.map((begin, i) => (begins[i + 1] ?? 4 * buffer.length) - begin);
    const own = sizes[rank]! / 4;
    const received = this.#memory(own * ranks);
    const [from, lengths] = [begins.map((_, i) => i * sizes[rank]!), begins.map(() => sizes[rank]!)];
    const [world, byte] = [this.#world, this.#byte];
    return {
      // What was received is added where it lies.
      piece: { received, own: received.subarray(0, own) },
      start: (request) =>
        this.#alltoallv(buffer, sizes, begins, byte, received, lengths, from, byte, world, request),
      finish: (added) => (request) =>
        this.#allgatherv(added, added.byteLength, byte, results, sizes, begins, byte, world, request),
    };
  }

  /** Memory of this length that the operations before have used as well: it is not returned to callers. */
  #memory(length: number): Float32Array {
    if (this.#scratch.length < length) this.#scratch = new Float32Array(length);
    return this.#scratch.subarray(0, length);
  }

  async broadcast(bytes: Uint8Array, root: number): Promise<Uint8Array> {
    const length = Float64Array.of(bytes.length);
    await this.#send(new Uint8Array(length.buffer), root);
    const whole = this.rank === root ? bytes : new Uint8Array(length[0]!);
    for (let at = 0; at < whole.length; at += MESSAGE)
      await this.#send(whole.subarray(at, at + MESSAGE), root);
    return whole;
  }

  async barrier(): Promise<void> {
    await this.#wait('MPI_Ibarrier', (request) => this.#barrier(this.#world, request));
  }

  close(): Promise<void> {
    succeed('MPI_Finalize', this.#finalize());
    return Promise.resolve();
  }

  /** The buffers of all ranks, one after the other. */
  async #gather(own: Float32Array): Promise<Float32Array> {
    const all = new Float32Array(own.length * this.ranks);
    await this.#wait('MPI_Iallgather', (request) => this.#startGather(own, all, request));
    return all;
  }

  #gatherBlocking(own: Float32Array): Float32Array {
    const all = new Float32Array(own.length * this.ranks);
    this.#block('MPI_Iallgather', (request) => this.#startGather(own, all, request));
    return all;
  }

  #startGather(own: Float32Array, all: Float32Array, request: Buffer): unknown {
    const bytes = own.byteLength;
    return this.#allgather(own, bytes, this.#byte, all, bytes, this.#byte, this.#world, request);
  }

  async #send(bytes: Uint8Array, root: number): Promise<void> {
    await this.#wait('MPI_Ibcast', (request) =>
      this.#broadcast(bytes, bytes.length, this.#byte, root, this.#world, request),
    );
  }

  /** Starts an operation and blocks the thread until it is done, leaving the processor to others now and then. */
  #block(name: string, start: (request: Buffer) => unknown): void {
    this.#running.add(start);
    succeed(name, start(this.#request));
    const began = performance.now();
    while (!this.#isDone()) if (performance.now() - began >= EAGER_MS) Atomics.wait(NEVER, 0, 0, 1);
    this.#running.delete(start);
  }

  /** Asks again and again for a while: MPI moves a part of a large message whenever it is asked. */
  #isDoneWithin(milliseconds: number): boolean {
    const end = performance.now() + milliseconds;
    do if (this.#isDone()) return true;
    while (performance.now() < end);
    return false;
  }

  #isDone(): boolean {
    succeed('MPI_Test', this.#test(this.#request, this.#done, this.#status));
    return this.#done.readInt32LE(0) !== 0;
  }

  /** Starts an operation and waits for it. */
  async #wait(name: string, start: (request: Buffer) => unknown): Promise<void> {
    this.#running.add(start);
    succeed(name, start(this.#request));
    const began = performance.now();
    while (!this.#isDoneWithin(TURN_MS)) {
      if (performance.now() - began < EAGER_MS) await new Promise((resolve) => setImmediate(resolve));
      else await pause(1);
    }
    this.#running.delete(start);
  }
}

/**
 * Weighted means of buffers that lie one after the other: added in their order, in float64.
 *
 * @param means where to write them; may be the beginning of `buffers`, as an element is read before it is written
 */
function meanOf(buffers: Float32Array, weights: readonly number[], means: Float32Array): Float32Array {
  const { length } = means;
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const [first, second] = weights.map((weight) => weight / total) as [number, number];
  if (weights.length === 2) {
    for (let i = 0; i < length; i++) means[i] = first * buffers[i]! + second * buffers[length + i]!;
    return means;
  }
  for (let i = 0; i < length; i++) {
    let sum = 0;
    for (let rank = 0; rank < weights.length; rank++) sum += weights[rank]! * buffers[rank * length + i]!;
    means[i] = sum / total;
  }
  return means;
}

/**
 * Sums of buffers that lie one after the other: added in their order, in float64.
 *
 * @param sums where to write them; may be the beginning of `buffers`, as for means
 */
function sumOf(buffers: Float32Array, ranks: number, sums: Float32Array): Float32Array {
  const { length } = sums;
  if (ranks === 2) {
    // From zero, as below: −0 and −0 make 0.
    for (let i = 0; i < length; i++) sums[i] = 0 + buffers[i]! + buffers[length + i]!;
    return sums;
  }
  for (let i = 0; i < length; i++) {
    let sum = 0;
    for (let rank = 0; rank < ranks; rank++) sum += buffers[rank * length + i]!;
    sums[i] = sum;
  }
  return sums;
}

function succeed(name: string, code: unknown): void {
  if (code !== 0) throw new AncError('ANC_MPI', `${name} failed.`, { received: `error ${String(code)}` });
}

import { setTimeout as pause } from 'node:timers/promises';
import { AncError, type Collective } from '@anc/core';
import type { CFunction } from './koffi.js';
import type { MpiLibrary } from './library.js';

/** Level of threads: only the one that initialized MPI calls it. */
const FUNNELED = 1;
/** Buffers up to this many numbers are gathered whole: one message instead of two. */
const SMALL = 2048;
/** Bytes of one message; MPI counts in 32 bits. */
const MESSAGE = 1 << 28;
/** Milliseconds for which waiting asks without a pause; then it leaves the processor to others. */
const EAGER_MS = 20;

/** Milliseconds for which it is asked before other work of this thread has its turn. */
const TURN_MS = 0.2;

/** What a thread waits on that only lets time pass. */
const NEVER = new Int32Array(new SharedArrayBuffer(4));

/** Handles are passed as numbers as wide as an address: where they are of 32 bits, the upper half is ignored. */
const HANDLE = 'intptr_t';
const BLOCK = ['void *', 'int', HANDLE];

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
  readonly #alltoall: CFunction;
  readonly #allgather: CFunction;
  readonly #broadcast: CFunction;
  readonly #barrier: CFunction;
  readonly #test: CFunction;
  readonly #finalize: CFunction;
  #scratch = new Float32Array();
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
    this.#alltoall = bind('MPI_Ialltoall', [...BLOCK, ...BLOCK, HANDLE, 'void *']);
    this.#allgather = bind('MPI_Iallgather', [...BLOCK, ...BLOCK, HANDLE, 'void *']);
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
    if (length <= SMALL) return sumOf(await this.#gather(buffer), ranks, length);
    const { own, received, part } = partsOf(buffer, ranks);
    await this.#wait('MPI_Ialltoall', (request) => this.#exchangeParts(own, received, part, request));
    return (await this.#gather(sumOf(received, ranks, part))).subarray(0, length);
  }

  async allReduceMean(buffer: Float32Array, weights: readonly number[]): Promise<Float32Array> {
    const { ranks } = this;
    const { length } = buffer;
    if (length <= SMALL) return meanOf(await this.#gather(buffer), weights, new Float32Array(length));
    const part = partLength(length, ranks);
    const whole = length === part * ranks ? buffer : filledUp(buffer, part * ranks);
    const received = this.#memory(part * ranks);
    await this.#wait('MPI_Ialltoall', (request) => this.#exchangeParts(whole, received, part, request));
    // What was received is added where it lies, and what was sent makes place for the means.
    const mean = meanOf(received, weights, received.subarray(0, part));
    await this.#wait('MPI_Iallgather', (request) => this.#startGather(mean, whole, request));
    return whole.subarray(0, length);
  }

  allReduceBlocking(buffer: Float32Array): Float32Array {
    const { ranks } = this;
    const { length } = buffer;
    if (length <= SMALL) return sumOf(this.#gatherBlocking(buffer), ranks, length);
    const { own, received, part } = partsOf(buffer, ranks);
    this.#block('MPI_Ialltoall', (request) => this.#exchangeParts(own, received, part, request));
    return this.#gatherBlocking(sumOf(received, ranks, part)).subarray(0, length);
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

  /** Sends part i of a buffer to rank i. */
  #exchangeParts(own: Float32Array, received: Float32Array, part: number, request: Buffer): unknown {
    return this.#alltoall(own, 4 * part, this.#byte, received, 4 * part, this.#byte, this.#world, request);
  }

  async #send(bytes: Uint8Array, root: number): Promise<void> {
    await this.#wait('MPI_Ibcast', (request) =>
      this.#broadcast(bytes, bytes.length, this.#byte, root, this.#world, request),
    );
  }

  /** Starts an operation and blocks the thread until it is done, leaving the processor to others now and then. */
  #block(name: string, start: (request: Buffer) => unknown): void {
    succeed(name, start(this.#request));
    const began = performance.now();
    while (!this.#isDone()) if (performance.now() - began >= EAGER_MS) Atomics.wait(NEVER, 0, 0, 1);
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

  /** Starts an operation and waits for it; what it reads and writes is held by the caller meanwhile. */
  async #wait(name: string, start: (request: Buffer) => unknown): Promise<void> {
    succeed(name, start(this.#request));
    const began = performance.now();
    while (!this.#isDoneWithin(TURN_MS)) {
      if (performance.now() - began < EAGER_MS) await new Promise((resolve) => setImmediate(resolve));
      else await pause(1);
    }
  }
}

/** A buffer cut into as many parts as there are ranks, the last one filled up, and room for as many. */
function partsOf(
  buffer: Float32Array,
  ranks: number,
): { readonly own: Float32Array; readonly received: Float32Array; readonly part: number } {
  const part = partLength(buffer.length, ranks);
  return { own: filledUp(buffer, part * ranks), received: new Float32Array(part * ranks), part };
}

/** Numbers of a buffer that one rank adds. */
function partLength(length: number, ranks: number): number {
  const part = Math.ceil(length / ranks);
  if (4 * part >= 2 ** 31) throw tooLong(length, ranks);
  return part;
}

/** A copy that is filled up with zeros. */
function filledUp(buffer: Float32Array, length: number): Float32Array {
  const own = new Float32Array(length);
  own.set(buffer);
  return own;
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

/** Sums `ranks` buffers of `length` numbers that lie one after the other: in their order, in float64. */
function sumOf(buffers: Float32Array, ranks: number, length: number): Float32Array {
  const sums = new Float32Array(length);
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

const tooLong = (length: number, ranks: number): AncError =>
  new AncError('ANC_MPI', 'the buffer is too long for one message of MPI.', {
    expected: `at most ${ranks * 2 ** 29} numbers`,
    received: `${length}`,
  });

/** Places of what threads share, in words of 32 bits. */
const NEXT = 0;
const DONE = 1;
const FAILED = 2;
const MODULE = 3;
const KERNEL = 4;
const PARTS = 5;
const OPERANDS = 6;
const ADDRESSES = 8;
/** Operands that a shared task may have; a kernel with more is computed by one thread. */
export const MOST_OPERANDS = 256;
const STEPS = ADDRESSES + MOST_OPERANDS;
const WORDS = STEPS + MOST_OPERANDS;

/** Bits of the next part's number; above them is the number of the task. */
const PART_BITS = 8;
const PART_MASK = 2 ** PART_BITS - 1;
const LAST_TASK = 2 ** (31 - PART_BITS) - 1;
/** How often the number of finished parts is read before the thread sleeps until it is complete. */
const SPINS = 500;

/** A kernel to compute in parts. */
export interface Task {
  /** Numbers of the module and of the kernel in it. */
  readonly module: number;
  readonly kernel: number;
  readonly parts: number;
  /** Addresses of the operands of the first part. */
  readonly addresses: readonly number[];
  /** Bytes from one part to the next, by operand. */
  readonly steps: readonly number[];
}

/** Computes one part: its arguments are the addresses of its operands. */
export type RunPart = (...addresses: number[]) => void;

export const addressesOf = ({ addresses, steps }: Task, part: number): number[] =>
  addresses.map((address, i) => address + part * steps[i]!);

/**
 * The task that threads compute at the moment, in shared memory. A thread takes the next part by replacing one word, which holds the
 * number of the task as well: what it read of a task that has ended meanwhile is of no effect, as the word has changed.
 */
export class SharedTask {
  readonly #words: Int32Array;
  #task = 0;

  constructor(readonly memory: SharedArrayBuffer = new SharedArrayBuffer(WORDS * 4)) {
    this.#words = new Int32Array(memory);
  }

  /**
   * Computes a task with the other threads. Returns whether they computed all that they took.
   *
   * @throws what `run` throws, once no other thread computes the task any more
   */
  play(task: Task, run: RunPart): boolean {
    const words = this.#words;
    this.#task = this.#task === LAST_TASK ? 0 : this.#task + 1;
    // closed while it is written: a thread that has read the word before can take nothing
    Atomics.store(words, NEXT, (this.#task << PART_BITS) | PART_MASK);
    words[MODULE] = task.module;
    words[KERNEL] = task.kernel;
    words[PARTS] = task.parts;
    words[OPERANDS] = task.addresses.length;
    words.set(task.addresses, ADDRESSES);
    words.set(task.steps, STEPS);
    words[FAILED] = 0;
    Atomics.store(words, DONE, 0);
    Atomics.store(words, NEXT, this.#task << PART_BITS);
    Atomics.notify(words, NEXT, task.parts - 1);
    let failure: Error | null = null;
    for (let part = Atomics.add(words, NEXT, 1) & PART_MASK; part < task.parts;) {
      try {
        if (failure === null) run(...addressesOf(task, part));
      } catch (error) {
        failure = error as Error;
      }
      Atomics.add(words, DONE, 1);
      part = Atomics.add(words, NEXT, 1) & PART_MASK;
    }
    this.#await(task.parts);
    if (failure !== null) throw failure;
    return words[FAILED] === 0;
  }

  #await(parts: number): void {
    const words = this.#words;
    for (let spins = 0; spins < SPINS; spins++) if (Atomics.load(words, DONE) === parts) return;
    for (let done = Atomics.load(words, DONE); done < parts; done = Atomics.load(words, DONE))
      Atomics.wait(words, DONE, done);
  }

  /** Waits for tasks and computes parts of them, without end. */
  serve(find: (module: number, kernel: number) => RunPart): never {
    const words = this.#words;
    for (;;) {
      const next = Atomics.load(words, NEXT);
      const part = next & PART_MASK;
      const task = this.#read();
      if (part >= task.parts) {
        Atomics.wait(words, NEXT, next);
        continue;
      }
      if (Atomics.compareExchange(words, NEXT, next, next + 1) !== next) continue;
      try {
        find(task.module, task.kernel)(...addressesOf(task, part));
      } catch {
        Atomics.store(words, FAILED, 1);
      }
      if (Atomics.add(words, DONE, 1) + 1 === task.parts) Atomics.notify(words, DONE);
    }
  }

  #read(): Task {
    const words = this.#words;
    const operands = words[OPERANDS]!;
    return {
      module: words[MODULE]!,
      kernel: words[KERNEL]!,
      parts: words[PARTS]!,
      addresses: Array.from(words.subarray(ADDRESSES, ADDRESSES + operands), (address) => address >>> 0),
      steps: Array.from(words.subarray(STEPS, STEPS + operands)),
    };
  }
}

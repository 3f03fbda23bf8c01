/** How many threads compute at this moment, for all engines of this process. */
export const threadsAtWork = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);

/** Milliseconds after which an engine no longer waits: one whose thread has ended inside a program never says so. */
const PATIENCE = 20_000;

/**
 * Lets the engines of a process, each on a thread of its own and with helping threads of its own, compute at the same time only
 * as far as the processor has threads for all of them, and else one after the other. With more threads than that, every
 * engine waits at the end of each operation for helpers that another engine keeps from running.
 */
export class ProcessorTurns {
  readonly #atWork: Int32Array<SharedArrayBuffer>;

  /**
   * @param atWork see `threadsAtWork`
   * @param threads of this engine, with its helpers
   * @param available how many the processor has
   */
  constructor(
    atWork: SharedArrayBuffer,
    readonly threads: number,
    readonly available: number,
    readonly patience = PATIENCE,
  ) {
    this.#atWork = new Int32Array(atWork);
  }

  /** Computes when there are threads for it. Blocks the calling thread until then. */
  during<T>(compute: () => T): T {
    this.#begin();
    try {
      return compute();
    } finally {
      Atomics.sub(this.#atWork, 0, this.threads);
      Atomics.notify(this.#atWork, 0);
    }
  }

  #begin(): void {
    const end = performance.now() + this.patience;
    for (;;) {
      const now = Atomics.load(this.#atWork, 0);
      const left = end - performance.now();
      const isFree = now === 0 || now + this.threads <= this.available;
      if (!isFree && left > 0) Atomics.wait(this.#atWork, 0, now, left);
      else if (Atomics.compareExchange(this.#atWork, 0, now, now + this.threads) === now) return;
    }
  }
}

/** Number of threads at work, for all engines of this process. */
export const threadsAtWork = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);

/**
 * Lets the engines of a process, each on a thread of its own and with helping threads of its own, compute beside each other only
 * as far as the processor has threads for all of them, and else one after the other. With more threads than that, every
 * engine waits at the end of each operation for helpers that another engine keeps from running.
 */
export class ProcessorTurns {
  readonly #working: Int32Array<SharedArrayBuffer>;

  /**
   * @param working see `threadsAtWork`
   * @param threads of this engine, with its helpers
   * @param available of the processor
   */
  constructor(
    working: SharedArrayBuffer,
    readonly threads: number,
    readonly available: number,
  ) {
    this.#working = new Int32Array(working);
  }

  /** Computes when there are threads for it. Blocks the calling thread until then. */
  during<T>(compute: () => T): T {
    this.#begin();
    try {
      return compute();
    } finally {
      Atomics.sub(this.#working, 0, this.threads);
      Atomics.notify(this.#working, 0);
    }
  }

  #begin(): void {
    for (;;) {
      const now = Atomics.load(this.#working, 0);
      const fits = now === 0 || now + this.threads <= this.available;
      if (!fits) Atomics.wait(this.#working, 0, now);
      else if (Atomics.compareExchange(this.#working, 0, now, now + this.threads) === now) return;
    }
  }
}

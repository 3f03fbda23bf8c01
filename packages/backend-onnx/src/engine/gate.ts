const [IDLE, BUSY, CLOSING, CLOSED] = [0, 1, 2, 3];

/**
 * Tells the thread that started the engine's thread whether that is inside a call, by shared memory. Ending a thread
 * inside ONNX Runtime aborts the whole process (SIGABRT), so close the gate before ending it.
 */
export class Gate {
  readonly #state: Int32Array<SharedArrayBuffer>;

  constructor(readonly memory = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)) {
    this.#state = new Int32Array(memory);
  }

  /** Called by the engine before a call; does not return once the gate is closed. */
  enter(): void {
    if (Atomics.compareExchange(this.#state, 0, IDLE, BUSY) !== IDLE) this.#stop();
  }

  /** Called by the engine after a call. */
  leave(): void {
    if (Atomics.compareExchange(this.#state, 0, BUSY, IDLE) !== BUSY) this.#stop();
  }

  /** Called by the other thread: no call begins afterwards. Blocks until none is running, `ms` at most; false if one still is. */
  close(ms: number): boolean {
    if (Atomics.compareExchange(this.#state, 0, IDLE, CLOSED) === IDLE) return true;
    Atomics.compareExchange(this.#state, 0, BUSY, CLOSING);
    Atomics.wait(this.#state, 0, CLOSING, ms);
    return Atomics.load(this.#state, 0) === CLOSED;
  }

  /** Waits, outside of any call, until the thread is ended. */
  #stop(): void {
    Atomics.store(this.#state, 0, CLOSED);
    Atomics.notify(this.#state, 0);
    Atomics.wait(this.#state, 0, CLOSED);
  }
}

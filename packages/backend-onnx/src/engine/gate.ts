const [IDLE, BUSY, CLOSING, CLOSED] = [0, 1, 2, 3];

/**
 * Whether the engine's thread is inside a call, known to the thread that started it without asking. A thread that
 * is ended inside ONNX Runtime takes the whole process down with it (SIGABRT): whoever ends it closes the gate before.
 */
export class Gate {
  readonly #state: Int32Array<SharedArrayBuffer>;

  constructor(readonly memory = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)) {
    this.#state = new Int32Array(memory);
  }

  /** The engine's side, before a call; does not come back once the gate is closed. */
  enter(): void {
    if (Atomics.compareExchange(this.#state, 0, IDLE, BUSY) !== IDLE) this.#stop();
  }

  /** The engine's side, after a call. */
  leave(): void {
    if (Atomics.compareExchange(this.#state, 0, BUSY, IDLE) !== BUSY) this.#stop();
  }

  /** The other side: no call begins from here on. Blocks until none is running, at most `ms`; false where one still is. */
  close(ms: number): boolean {
    if (Atomics.compareExchange(this.#state, 0, IDLE, CLOSED) === IDLE) return true;
    Atomics.compareExchange(this.#state, 0, BUSY, CLOSING);
    Atomics.wait(this.#state, 0, CLOSING, ms);
    return Atomics.load(this.#state, 0) === CLOSED;
  }

  /** Waits to be ended, outside of everything. */
  #stop(): void {
    Atomics.store(this.#state, 0, CLOSED);
    Atomics.notify(this.#state, 0);
    Atomics.wait(this.#state, 0, CLOSED);
  }
}

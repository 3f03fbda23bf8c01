import type { RunEvent } from '../events/events.js';

/** The last event of a finished run. */
export interface DoneEvent<R> {
  /** Always `done`. */
  readonly type: 'done';
  /** The run's result. */
  readonly result: R;
}

/** Events that replace an unread one of their type, with nothing but such events after it: only the newest matters. */
const REPLACEABLE = new Set(['step', 'metrics', 'activity']);

/**
 * Work that goes on: await it for its result, iterate over it for its events, or both. Iteration ends after `done`, and
 * throws what the work throws.
 */
export class RunHandle<R> implements PromiseLike<R>, AsyncIterable<RunEvent | DoneEvent<R>> {
  readonly #result: Promise<R>;
  readonly #events: (RunEvent | DoneEvent<R>)[] = [];
  #ended = false;
  /** Whether somebody hears of an error: awaits the result or reads events. */
  #isHeard = false;
  #wake: (() => void) | null = null;

  constructor(work: (emit: (event: RunEvent) => void) => Promise<R>) {
    this.#result = Promise.resolve().then(() => work((event) => this.#push(event)));
    this.#result.then(
      (result) => this.#end({ type: 'done', result }),
      (error: unknown) => {
        this.#end(null);
        if (!this.#isHeard) throw error; // an unhandled rejection, as of a promise that nobody awaits
      },
    );
  }

  then<A = R, B = never>(
    onFulfilled?: ((value: R) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.#isHeard = true;
    return this.#result.then(onFulfilled, onRejected);
  }

  /** As of a promise: called where the run fails. */
  catch<B = never>(onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<R | B> {
    this.#isHeard = true;
    return this.#result.catch(onRejected);
  }

  /** As of a promise: called when the run has ended, whether it failed or not. */
  finally(onFinally?: (() => void) | null): Promise<R> {
    this.#isHeard = true;
    return this.#result.finally(onFinally);
  }

  /** Events from the first one that nobody has read yet. One reader at a time. */
  [Symbol.asyncIterator](): AsyncGenerator<RunEvent | DoneEvent<R>, void> {
    this.#isHeard = true;
    return this.#read();
  }

  async *#read(): AsyncGenerator<RunEvent | DoneEvent<R>, void> {
    for (;;) {
      const event = this.#events.shift();
      if (event !== undefined) {
        yield event;
        if (event.type === 'done') return;
      } else if (this.#ended) {
        await this.#result; // throws where the work failed
        return;
      } else {
        await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    }
  }

  #push(event: RunEvent | DoneEvent<R>): void {
    if (REPLACEABLE.has(event.type)) {
      const last = this.#events.findLastIndex(({ type }) => type === event.type || !REPLACEABLE.has(type));
      if (this.#events[last]?.type === event.type) this.#events.splice(last, 1);
    }
    this.#events.push(event);
    this.#wake?.();
    this.#wake = null;
  }

  #end(event: DoneEvent<R> | null): void {
    this.#ended = true;
    if (event !== null) this.#push(event);
    this.#wake?.();
    this.#wake = null;
  }
}

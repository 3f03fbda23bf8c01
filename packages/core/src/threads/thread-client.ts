import type { SentError } from '../errors/sent-error.js';
import type { CallThread, ThreadCalls, ThreadListener, ThreadReply } from './calls.js';

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

/** The errors of a client's calls. */
export interface ThreadErrors {
  /** Of a call that failed on the thread. */
  ofCall(sent: SentError): Error;
  /** Of all calls once the thread has failed or ended by itself. */
  ofThread(error: Error): Error;
  /** Of calls after `close`. */
  closed(): Error;
}

/**
 * Calls on a thread of its own, for what would block the thread that the terminal, signals and data loading need. They are
 * answered in the order in which they are made. The thread keeps the process alive only during a call.
 */
export class ThreadClient<Calls extends ThreadCalls<Calls>> {
  readonly #thread: CallThread;
  readonly #waiting = new Map<number, Waiting>();
  #next = 0;
  #failure: Error | null = null;
  /** Called when no call is pending any more. */
  #idle: () => void = () => undefined;

  constructor(
    start: (listener: ThreadListener) => CallThread,
    /** Its errors. */
    readonly errors: ThreadErrors,
  ) {
    this.#thread = start({
      answered: (reply) => this.#settle(reply),
      failed: (error) => this.#fail(error),
    });
  }

  /** @param transfer buffers of the arguments that are moved to the thread instead of copied */
  call<Name extends keyof Calls & string>(
    name: Name,
    args: Parameters<Calls[Name]>,
    transfer: readonly ArrayBuffer[] = [],
  ): Promise<ReturnType<Calls[Name]>> {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#thread.hold(true);
      this.#thread.post({ id, name, args }, transfer);
    });
  }

  /** Refuses new calls, and ends the thread once the pending ones are answered: it must not end inside one. */
  async close(): Promise<void> {
    this.#failure ??= this.errors.closed();
    if (this.#waiting.size > 0) await new Promise<void>((resolve) => (this.#idle = resolve));
    await this.#thread.end();
  }

  #settle(reply: ThreadReply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if ('error' in reply) waiting?.reject(this.errors.ofCall(reply.error));
    else waiting?.resolve(reply.value as never);
    if (this.#waiting.size > 0) return;
    this.#thread.hold(false);
    this.#idle();
  }

  #fail(error: Error): void {
    this.#failure ??= this.errors.ofThread(error);
    for (const { reject } of this.#waiting.values()) reject(this.#failure);
    this.#waiting.clear();
    this.#idle();
  }
}

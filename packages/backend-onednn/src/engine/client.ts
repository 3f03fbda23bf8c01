import { SHARE_ENV, Worker } from 'node:worker_threads';
import { AncError, isAncError } from '@anc/core';
import { receivedError } from '@anc/core/internal';
import type { CallName, EngineCalls, Reply, Request } from './protocol.js';

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

/** The worker's entry point: the built file, also for sources that a test runner loads. */
function entry(): URL {
  const here = import.meta.url;
  const built = here.endsWith('.ts') ? here.replace(/\/src\/engine\/[^/]*$/, '/dist/engine/') : here;
  return new URL('worker.js', built);
}

/**
 * oneDNN on a thread of its own: a run blocks its thread, and the terminal, signals and data loading must not wait for it.
 * The thread keeps the process alive only during a call, and shares the environment, which C libraries read.
 */
export class EngineClient {
  readonly #worker = new Worker(entry(), { execArgv: [], env: SHARE_ENV });
  readonly #waiting = new Map<number, Waiting>();
  #next = 0;
  #failure: Error | null = null;
  /** Called when no call is pending any more. */
  #idle: () => void = () => undefined;

  constructor() {
    this.#worker.unref();
    this.#worker.on('message', (reply: Reply) => this.#settle(reply));
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', (code) => this.#fail(new Error(`the engine's thread ended with code ${code}`)));
  }

  /** A new number for a program. */
  handle(): number {
    return this.#next++;
  }

  call<K extends CallName>(
    name: K,
    ...args: Parameters<EngineCalls[K]>
  ): Promise<ReturnType<EngineCalls[K]>> {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.ref();
      this.#worker.postMessage({ id, name, args } satisfies Request);
    });
  }

  /** Refuses new calls, and ends the thread once the pending ones are answered. */
  async close(): Promise<void> {
    this.#failure ??= new AncError('ANC_ENGINE', 'the backend was disposed.');
    if (this.#waiting.size > 0) await new Promise<void>((resolve) => (this.#idle = resolve));
    await this.#worker.terminate();
  }

  #settle(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if ('error' in reply) waiting?.reject(asEngineError(receivedError(reply.error)));
    else waiting?.resolve(reply.value as never);
    if (this.#waiting.size > 0) return;
    this.#worker.unref();
    this.#idle();
  }

  #fail(error: Error): void {
    this.#failure ??= asEngineError(error);
    for (const { reject } of this.#waiting.values()) reject(this.#failure);
    this.#waiting.clear();
    this.#idle();
  }
}

const asEngineError = (error: Error): AncError =>
  isAncError(error) ? error : new AncError('ANC_ENGINE', `oneDNN: ${error.message}`, { cause: error });

import { AncError, isAncError } from '@anc/core';
import { builtFile, nodeThread, receivedError, ThreadClient } from '@anc/core/internal';
import type { EngineCalls } from './protocol.js';

/**
 * oneDNN on a thread of its own: a run blocks its thread, and the terminal, signals and data loading must not wait for it.
 * The thread shares the environment, which C libraries read.
 */
export class EngineClient {
  readonly #thread = new ThreadClient<EngineCalls>(
    (listener) => nodeThread(builtFile('worker.js', import.meta.url), listener, { sharesEnvironment: true }),
    {
      ofCall: (sent) => asEngineError(receivedError(sent)),
      ofThread: asEngineError,
      closed: () => new AncError('ANC_ENGINE', 'the backend was disposed.'),
    },
  );
  #nextHandle = 0;

  /** A new number for a program, state or metric accumulator. */
  handle(): number {
    return this.#nextHandle++;
  }

  call<K extends keyof EngineCalls>(
    name: K,
    ...args: Parameters<EngineCalls[K]>
  ): Promise<ReturnType<EngineCalls[K]>> {
    return this.#thread.call(name, args);
  }

  /** Refuses new calls, and ends the thread once the pending ones are answered. */
  close(): Promise<void> {
    return this.#thread.close();
  }
}

const asEngineError = (error: Error): AncError =>
  isAncError(error) ? error : new AncError('ANC_ENGINE', `oneDNN: ${error.message}`, { cause: error });

import { Worker } from 'node:worker_threads';
import { AncError } from '@anc/core';
import type { CallName, EngineCalls, Reply, Request } from './protocol.js';

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

/** The worker's entry; sources run through a test runner use the built file. */
function workerUrl(): URL {
  const here = import.meta.url;
  const built = here.endsWith('.ts') ? here.replace(/\/src\/engine\/[^/]*$/, '/dist/engine/worker.js') : null;
  return built === null ? new URL('./worker.js', here) : new URL(built);
}

/**
 * ONNX Runtime on a thread of its own: a run blocks its thread from beginning to end, and the terminal,
 * signals and data loading must not wait for it. The thread keeps the process alive only during a call.
 */
export class EngineClient {
  readonly #worker = new Worker(workerUrl(), { execArgv: [] });
  readonly #waiting = new Map<number, Waiting>();
  #nextCall = 0;
  #nextHandle = 0;
  #sessions = 0;
  #fallbacks = 0;
  #failure: Error | null = null;

  constructor() {
    this.#worker.unref();
    this.#worker.on('message', (reply: Reply) => this.#settle(reply));
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', (code) => this.#fail(new Error(`the engine's thread ended with code ${code}`)));
  }

  /** A number for a session, state or account. */
  handle(): number {
    return this.#nextHandle++;
  }

  call<K extends CallName>(
    name: K,
    ...args: Parameters<EngineCalls[K]>
  ): Promise<ReturnType<EngineCalls[K]>> {
    return this.#send(name, args, []);
  }

  /** Loads a model, giving up its bytes where they have a buffer of their own (small ones share a pool). */
  async createSession(
    session: number,
    model: Uint8Array,
    forProcessor: readonly string[] = [],
  ): Promise<void> {
    const whole = model.byteLength === model.buffer.byteLength;
    const buffers = whole ? [model.buffer as ArrayBuffer] : [];
    this.#sessions++;
    if (await this.#send('createSession', [session, model, forProcessor], buffers)) this.#fallbacks++;
  }

  /** Of how many graphs an accelerator left parts to the processor, and how many there were. */
  get fallbacks(): { readonly graphs: number; readonly of: number } {
    return { graphs: this.#fallbacks, of: this.#sessions };
  }

  #send<K extends CallName>(
    name: K,
    args: Parameters<EngineCalls[K]>,
    transfer: readonly ArrayBuffer[],
  ): Promise<ReturnType<EngineCalls[K]>> {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    const id = this.#nextCall++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.ref();
      this.#worker.postMessage({ id, name, args } satisfies Request, [...transfer]);
    });
  }

  async close(): Promise<void> {
    this.#failure ??= new AncError('ANC_ENGINE', 'the backend was disposed.');
    await this.#worker.terminate();
  }

  #settle(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (this.#waiting.size === 0) this.#worker.unref();
    if ('error' in reply) waiting?.reject(engineError(reply.error.message));
    else waiting?.resolve(reply.value as never);
  }

  #fail(error: Error): void {
    this.#failure ??= engineError(error.message);
    for (const { reject } of this.#waiting.values()) reject(this.#failure);
    this.#waiting.clear();
  }
}

function engineError(message: string): AncError {
  return new AncError('ANC_ENGINE', `ONNX Runtime: ${message}`);
}

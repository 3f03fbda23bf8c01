import { AncError, type AncErrorDetail } from '@anc/core';
import type { CallName, EngineCalls, GraphTraits, Reply, Request } from './protocol.js';
import { StepQueue } from './step-queue.js';
import { startThread } from './thread.js';

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

/** Calls on the states, sessions and metrics of steps: waiting steps are sent before them. */
const AFTER_STEPS: ReadonlySet<CallName> = new Set([
  'runSteps',
  'releaseStep',
  'readState',
  'writeState',
  'releaseState',
  'readMetrics',
  'releaseSession',
]);

/**
 * ONNX Runtime on a separate thread: a run blocks its thread from beginning to end, and the terminal, signals and data
 * loading must not wait for it. The thread keeps the process alive only during a call.
 */
export class EngineClient {
  readonly #thread = startThread({
    answered: (reply) => this.#settle(reply),
    failed: (error) => this.#fail(error),
  });
  readonly #waiting = new Map<number, Waiting>();
  /** Steps that are sent several per call. */
  readonly steps: StepQueue;
  #nextCall = 0;
  #nextHandle = 0;
  #sessions = 0;
  #fallbacks = 0;
  #failure: Error | null = null;
  /** Called when no call is pending any more. */
  #idle: () => void = () => undefined;

  constructor(stepsPerCall = 1) {
    this.steps = new StepQueue(stepsPerCall, ({ session, state, accumulator, plan }, feeds, steps) => {
      const buffers = Object.values(feeds).map(({ data }) => data.buffer as ArrayBuffer);
      return this.#send('runSteps', [session, state, accumulator, plan, feeds, steps], buffers);
    });
  }

  /** A new number for a session, state or metric accumulator. */
  handle(): number {
    return this.#nextHandle++;
  }

  call<K extends CallName>(
    name: K,
    ...args: Parameters<EngineCalls[K]>
  ): Promise<ReturnType<EngineCalls[K]>> {
    if (AFTER_STEPS.has(name)) this.steps.flush();
    return this.#send(name, args, []);
  }

  /** Runs a section of a step; `received` is transferred. */
  runSection(...args: Parameters<EngineCalls['runSection']>): Promise<Float32Array> {
    this.steps.flush();
    const received = args[4];
    const isWhole = received !== null && received.byteLength === received.buffer.byteLength;
    return this.#send('runSection', args, isWhole ? [received.buffer as ArrayBuffer] : []);
  }

  /** Loads a model. Its bytes are transferred, unless they share their buffer with others (small ones share a pool). */
  async createSession(session: number, model: Uint8Array, traits: GraphTraits = {}): Promise<void> {
    const whole = model.byteLength === model.buffer.byteLength;
    const buffers = whole ? [model.buffer as ArrayBuffer] : [];
    this.#sessions++;
    if (await this.#send('createSession', [session, model, traits], buffers)) this.#fallbacks++;
  }

  /** How many graphs an accelerator left to the processor in part, of how many. */
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
      this.#thread.hold(true);
      this.#thread.post({ id, name, args } satisfies Request, transfer);
    });
  }

  /** Refuses new calls, and ends the thread once the pending ones are answered: it must not end inside one. */
  async close(): Promise<void> {
    this.#failure ??= new AncError('ANC_ENGINE', 'the backend was disposed.');
    if (this.#waiting.size > 0) await new Promise<void>((resolve) => (this.#idle = resolve));
    await this.#thread.end();
  }

  #settle(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if ('error' in reply) waiting?.reject(engineError(reply.error.message));
    else waiting?.resolve(reply.value as never);
    if (this.#waiting.size > 0) return;
    this.#thread.hold(false);
    this.#idle();
  }

  #fail(error: Error): void {
    this.#failure ??= engineError(error.message, {
      hint: 'the last checkpoint is intact: resume it, on this backend or another (--backend tfjs:wasm).',
    });
    for (const { reject } of this.#waiting.values()) reject(this.#failure);
    this.#waiting.clear();
    this.#idle();
  }
}

function engineError(message: string, detail: AncErrorDetail = {}): AncError {
  return new AncError('ANC_ENGINE', `ONNX Runtime: ${message}`, detail);
}

import { AncError, type AncErrorDetail } from '@anc/core';
import { ThreadClient } from '@anc/core/internal';
import type { CallName, EngineCalls, GraphTraits } from './protocol.js';
import { StepQueue } from './step-queue.js';
import { startThread } from './thread.js';

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
 * loading must not wait for it.
 */
export class EngineClient {
  readonly #thread = new ThreadClient<EngineCalls>(startThread, {
    ofCall: ({ message }) => engineError(message),
    ofThread: ({ message }) =>
      engineError(message, {
        hint: 'the last checkpoint is intact: resume it, on this backend or another (--backend tfjs:wasm).',
      }),
    closed: () => new AncError('ANC_ENGINE', 'the backend was disposed.'),
  });
  /** Steps that are sent several per call. */
  readonly steps: StepQueue;
  #nextHandle = 0;
  #sessions = 0;
  #fallbacks = 0;

  constructor(stepsPerCall = 1) {
    this.steps = new StepQueue(stepsPerCall, ({ session, state, accumulator, plan }, feeds, steps) => {
      const buffers = Object.values(feeds).map(({ data }) => data.buffer as ArrayBuffer);
      return this.#thread.call('runSteps', [session, state, accumulator, plan, feeds, steps], buffers);
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
    return this.#thread.call(name, args);
  }

  /** Runs a section of a step; `received` is transferred. */
  runSection(...args: Parameters<EngineCalls['runSection']>): Promise<Float32Array> {
    this.steps.flush();
    const received = args[4];
    const isWhole = received !== null && received.byteLength === received.buffer.byteLength;
    return this.#thread.call('runSection', args, isWhole ? [received.buffer as ArrayBuffer] : []);
  }

  /** Loads a model. Its bytes are transferred, unless they share their buffer with others (small ones share a pool). */
  async createSession(session: number, model: Uint8Array, traits: GraphTraits = {}): Promise<void> {
    const whole = model.byteLength === model.buffer.byteLength;
    const buffers = whole ? [model.buffer as ArrayBuffer] : [];
    this.#sessions++;
    if (await this.#thread.call('createSession', [session, model, traits], buffers)) this.#fallbacks++;
  }

  /** How many graphs an accelerator left to the processor in part, of how many. */
  get fallbacks(): { readonly graphs: number; readonly of: number } {
    return { graphs: this.#fallbacks, of: this.#sessions };
  }

  /** Refuses new calls, and ends the thread once the pending ones are answered: it must not end inside one. */
  close(): Promise<void> {
    return this.#thread.close();
  }
}

function engineError(message: string, detail: AncErrorDetail = {}): AncError {
  return new AncError('ANC_ENGINE', `ONNX Runtime: ${message}`, detail);
}

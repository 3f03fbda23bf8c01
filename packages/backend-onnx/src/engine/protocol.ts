import type { ElementType } from '../graph/value.js';

/** A tensor on its way between threads, as it lies in memory. */
export interface SerializedTensor {
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array | Uint8Array;
}

export type SerializedTensors = Readonly<Record<string, SerializedTensor>>;

export interface EngineOptions {
  /** `auto`: onnxruntime-node where it can be loaded, else onnxruntime-web. */
  readonly runtime: 'auto' | 'node' | 'web';
  readonly executionProviders: readonly string[];
  readonly intraOpThreads: number;
  /** Microseconds that a thread of a session waits busily for work before it sleeps. */
  readonly spinning: number;
  readonly graphOptimizationLevel: 'disabled' | 'basic' | 'extended' | 'layout' | 'all';
  /** Writes a profile of every session beside this path. */
  readonly profile: string | null;
}

export interface EngineInfo {
  readonly runtime: 'onnxruntime-node' | 'onnxruntime-web';
  readonly version: string;
  readonly threads: number;
  readonly executionProviders: readonly string[];
  /** The execution providers that this runtime was built with. */
  readonly available: readonly string[];
  /** Why the slower runtime is used, else null. */
  readonly notice: string | null;
}

/** What of a session's inputs and outputs is state, what is measured. */
export interface StepPlan {
  readonly stateInputs: readonly string[];
  readonly changed: readonly string[];
  readonly metrics: number;
  /**
   * The input that says how many steps to run where the session takes several in one call (graph/repeat.ts): then
   * every feed has a leading axis of steps. Null where it takes one.
   */
  readonly steps: string | null;
}

/** Everything that the worker can be asked. Calls are answered in order. */
export interface EngineCalls {
  open(options: EngineOptions): EngineInfo;
  /**
   * Loads a model. `forProcessor` names nodes that an accelerator must leave alone. True where the processor
   * computes parts of a graph that an accelerator was asked to.
   */
  createSession(session: number, model: Uint8Array, forProcessor: readonly string[]): boolean;
  releaseSession(session: number): void;
  createState(state: number, entries: SerializedTensors): void;
  readState(state: number, names: readonly string[] | null): SerializedTensors;
  writeState(state: number, entries: SerializedTensors): void;
  releaseState(state: number): void;
  /** Runs a step's session on a state; the metrics are added to the account `account`. Gives milliseconds. */
  runSteps(
    session: number,
    state: number,
    account: number,
    plan: StepPlan,
    feeds: SerializedTensors,
    steps: number,
  ): number;
  /** Sums since the last reading, and over how many runs. */
  readMetrics(account: number): { readonly sums: Float64Array; readonly count: number };
  runFunction(session: number, feeds: SerializedTensors): SerializedTensors;
}

export type CallName = keyof EngineCalls;

export interface Request {
  readonly id: number;
  readonly name: CallName;
  readonly args: readonly unknown[];
}

export type Reply =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: { readonly message: string; readonly stack: string | undefined } };

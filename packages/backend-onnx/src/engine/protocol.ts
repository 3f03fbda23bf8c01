/** A tensor as it is sent between threads, in its memory order. */
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
  /** Microseconds that an idle thread of a session spins before it sleeps. */
  readonly spinning: number;
  readonly graphOptimizationLevel: 'disabled' | 'basic' | 'extended' | 'layout' | 'all';
  /** Whether optimized graphs are kept in the user's cache folder. */
  readonly graphCache: boolean;
  /** Path prefix of the profiles that every session writes; null for none. */
  readonly profile: string | null;
}

export interface EngineInfo {
  readonly runtime: 'onnxruntime-node' | 'onnxruntime-web';
  readonly version: string;
  readonly threads: number;
  readonly executionProviders: readonly string[];
  /** The execution providers that this runtime was built with. */
  readonly available: readonly string[];
  /** Why the slower runtime is used; null if it is not. */
  readonly notice: string | null;
}

/** What is known of a graph. */
export interface GraphTraits {
  /** Nodes that an accelerator must leave to the processor. */
  readonly forProcessor?: readonly string[];
  /** Whether its optimized form is kept on disk for later processes: a graph without weights. */
  readonly kept?: boolean;
}

/** Which of a session's inputs and outputs are state, and which are metrics. */
export interface StepPlan {
  readonly stateInputs: readonly string[];
  readonly changed: readonly string[];
  readonly metrics: number;
  /**
   * The input with the number of steps, for a session that runs several per call (graph/serialize-loop.ts): then every
   * feed has a leading axis of steps. Null for a session that runs one.
   */
  readonly steps: string | null;
}

/** The worker's calls. They are answered in order. */
export interface EngineCalls {
  open(options: EngineOptions): EngineInfo;
  /** Loads a model. Returns whether the processor computes parts of a graph that was meant for an accelerator. */
  createSession(session: number, model: Uint8Array, traits: GraphTraits): boolean;
  releaseSession(session: number): void;
  createState(state: number, entries: SerializedTensors): void;
  readState(state: number, names: readonly string[] | null): SerializedTensors;
  writeState(state: number, entries: SerializedTensors): void;
  releaseState(state: number): void;
  /** Runs a step's session on a state and adds its metrics to an accumulator. Returns milliseconds. */
  runSteps(
    session: number,
    state: number,
    accumulator: number,
    plan: StepPlan,
    feeds: SerializedTensors,
    steps: number,
  ): number;
  /** One row of metrics per step since the last call; empties the accumulator. */
  readMetrics(accumulator: number): Float32Array;
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
import type { ElementType } from '@anc/compiler';

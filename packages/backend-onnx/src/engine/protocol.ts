import type { ElementType } from '@anc/compiler';

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
  /** Whether the compiler's passes wrote it as it should run: ONNX Runtime's optimizer, which takes long, is not needed. */
  readonly isFinal?: boolean;
  /**
   * Whether it is one of many that run one after the other. With an arena each would keep all memory that it has ever needed;
   * without, they share the heap (the adversarial step of ResNet-20, 128 images: 1.0 GB instead of 2.9 GB).
   */
  readonly isSection?: boolean;
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

/** An output that a later section reads. */
export interface HeldOutput {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** Number of the buffer that it is written to; outputs of one size share it where only one is needed at a time. */
  readonly buffer: number;
}

/** A part of a message to other ranks: an output of one section, whose mean is an input of later ones. float32. */
export interface SentMean {
  readonly output: string;
  readonly input: string;
  readonly shape: readonly number[];
}

/** One part of a step that ranks interrupt, which runs in a session of its own. */
export interface SectionPlan {
  readonly session: number;
  /** Names of the feeds that it takes: `batch/…`, `hyper/…`, `noise/…`. */
  readonly feeds: readonly string[];
  readonly stateInputs: readonly string[];
  /** State entries that it computes; they replace those of before when all sections have run. */
  readonly changed: readonly string[];
  /** How many metrics it computes: all or none. */
  readonly metrics: number;
  /** Outputs that later sections read, in buffers that are used again and again. */
  readonly holds: readonly HeldOutput[];
  /** Inputs that earlier sections or other ranks have computed, and those of them that no later section reads. */
  readonly reads: readonly string[];
  readonly drops: readonly string[];
  /** Outputs whose means over ranks are inputs of later sections, and so what the section before has sent. */
  readonly sends: readonly SentMean[];
  readonly receives: readonly SentMean[];
  /** Whether it is the first or the last one of its step. */
  readonly isFirst: boolean;
  readonly isLast: boolean;
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
  /**
   * Runs a section of a step.
   *
   * @param received means over ranks of what the section before has sent, one after the other; null for the first section
   * @returns what it sends itself, in one buffer
   */
  runSection(
    state: number,
    accumulator: number,
    section: SectionPlan,
    feeds: SerializedTensors,
    received: Float32Array | null,
  ): Float32Array;
  /** Frees the metrics and the memory of a step. */
  releaseStep(accumulator: number): void;
  /** One row of metrics per step since the last call; empties the accumulator. */
  readMetrics(accumulator: number): Float32Array;
  runFunction(session: number, feeds: SerializedTensors): SerializedTensors;
}

export type CallName = keyof EngineCalls;

import type { FlatGraph } from '../graph/flat-graph.js';
import type { Precision } from '../build/builder.js';
import type { HostArray } from '../build/storage.js';

/** What the library and the processor are. */
export interface EngineInfo {
  readonly version: string;
  readonly path: string;
  /** Threads that it computes with; null where its runtime takes no number. */
  readonly threads: number | null;
  /** What products of training steps multiply. */
  readonly trainingPrecision: TrainingPrecision;
}

/** A precision of training steps. */
export type TrainingPrecision = Exclude<Precision, 'int8'>;

export interface EngineOptions {
  readonly threads: number;
  readonly precision: Precision;
  readonly trainingPrecision: TrainingPrecision | 'auto';
  /** How many threads compute, for all engines of the process, and how many the processor has: see `ProcessorTurns`. */
  readonly turns: { readonly atWork: SharedArrayBuffer; readonly available: number };
}

/** A tensor between threads, its elements in the order of the axes. */
export interface SentTensor {
  readonly shape: readonly number[];
  readonly data: HostArray['data'];
}

export type SentTensors = Readonly<Record<string, SentTensor>>;

/** A part of a step: all of it, or what runs between two exchanges of ranks. */
export interface StepPart {
  readonly program: number;
  /** Names of the feeds that it takes: `batch/…`, `hyper/…`, `noise/…`. */
  readonly feeds: readonly string[];
  readonly isFirst: boolean;
  readonly isLast: boolean;
  /** Names of its inputs that earlier parts computed and that no later one reads. */
  readonly drops: readonly string[];
  /** Names of inputs that came from the other ranks: later parts may read them as well. */
  readonly receives: readonly string[];
  /** Names of outputs that go to the other ranks. */
  readonly sends: readonly string[];
}

/** The thread's calls, which it answers in order. */
export interface EngineCalls {
  open(options: EngineOptions): EngineInfo;
  /** examples: inputs on which ranges are measured, for programs that compute with 8 bits. */
  build(program: number, graph: FlatGraph, examples: readonly SentTensors[]): void;
  /**
   * The same for a step, or for a part of one, whose outputs are entries of the state, `metrics`, and what parts hold and send.
   *
   * @param graph a `FlatGraph`, serialized by V8
   */
  buildStep(program: number, graph: Uint8Array, isWhole: boolean): void;
  run(program: number, inputs: SentTensors): SentTensors;
  createState(state: number, entries: SentTensors): void;
  readState(state: number, names: readonly string[] | null): SentTensors;
  writeState(state: number, entries: SentTensors): void;
  releaseState(state: number): void;
  /**
   * Runs a part of a step on a state, which the last part advances, and adds its metrics to an accumulator. Returns what it sends.
   */
  runStep(part: StepPart, state: number, accumulator: number, feeds: SentTensors): SentTensors;
  /** One row of metrics per step since the last call; empties the accumulator. */
  readMetrics(accumulator: number): Float32Array;
  /** Bytes of the heap that are in use. */
  held(): number;
  release(program: number): void;
}

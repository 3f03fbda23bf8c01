import type { SentError } from '@anc/core/internal';
import type { FlatGraph } from '../graph/flat-graph.js';
import type { HostArray, Precision } from '../build/builder.js';

/** What the library and the processor are. */
export interface EngineInfo {
  readonly version: string;
  readonly path: string;
  /** Threads that it computes with; null where its runtime takes no number. */
  readonly threads: number | null;
}

export interface EngineOptions {
  readonly threads: number;
  readonly precision: Precision;
}

/** A tensor between threads, its elements in the order of the axes. */
export interface SentTensor {
  readonly shape: readonly number[];
  readonly data: HostArray['data'];
}

export type SentTensors = Readonly<Record<string, SentTensor>>;

/** The thread's calls, which it answers in order. */
export interface EngineCalls {
  open(options: EngineOptions): EngineInfo;
  /** examples: inputs on which ranges are measured, for programs that compute with 8 bits. */
  build(program: number, graph: FlatGraph, examples: readonly SentTensors[]): void;
  run(program: number, inputs: SentTensors): SentTensors;
  release(program: number): void;
}

export type CallName = keyof EngineCalls;

export interface Request {
  readonly id: number;
  readonly name: CallName;
  readonly args: readonly unknown[];
}

export type Reply =
  { readonly id: number; readonly value: unknown } | { readonly id: number; readonly error: SentError };

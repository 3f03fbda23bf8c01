import type { HostTensor, Tree } from '../tree/tree.js';
import { rehearseTwice } from './rehearse-twice.js';
import type { FunctionSpec, Step, StepSpec, TensorFunction } from './step.js';

/** What a backend can do; contract suites skip tests by these, never by a test's name. */
export interface Capabilities {
  /** Runs steps; some backends only run functions. */
  readonly training: boolean;
  /** The same inputs give the same bytes. */
  readonly deterministic: boolean;
  /** Runs a recorded graph: a step must not read the values of tensors. */
  readonly compiled: boolean;
}

/** Everything that one run of a step takes besides its state. */
export interface Inputs {
  readonly batch: Tree<HostTensor>;
  readonly hyper: Tree<number>;
  /** Noise is drawn by (seed, step, name, sample); see `drawNoise`. */
  readonly noise: {
    readonly seed: number;
    readonly step: number;
    /** Place of the batch's first row in the whole batch that it is a part of; 0 where left out. */
    readonly offset?: number;
  };
}

/** Named tensors in the backend's memory. */
export interface DeviceState {
  /** Copies entries to the host; all of them where no names are given. */
  read(names?: readonly string[]): Promise<Tree<HostTensor>>;
  /** Replaces entries by host tensors of the same shape and type. */
  write(entries: Tree<HostTensor>): Promise<void>;
  dispose(): Promise<void>;
}

export interface CompiledStep {
  /**
   * Runs the phases once and advances `state` in place. A backend may queue the step and run it later: reading the
   * state or the metrics waits for it and throws its error.
   */
  run(state: DeviceState, inputs: Inputs): Promise<void>;
  /** Means over the runs since the last call: the only readback. Empty when nothing ran. */
  metrics(): Promise<Tree<number>>;
  /**
   * The metrics of every run since the last readback, in order; a readback like `metrics`. With it the means over an
   * epoch do not depend on where readbacks were, and a loss that is not finite has a step.
   */
  metricsOfRuns?(): Promise<readonly Tree<number>[]>;
  dispose(): Promise<void>;
}

export interface CompiledFunction {
  run(inputs: Tree<HostTensor>): Promise<Tree<HostTensor>>;
  dispose(): Promise<void>;
}

export interface CompileOptions {
  readonly signal?: AbortSignal;
}

export interface RehearsalOptions {
  /** Whether the step will be compiled with the same spec, so that work for it is worth keeping; default: true. */
  readonly compiles?: boolean;
}

/** Runs or compiles steps. */
export abstract class Backend {
  abstract readonly name: string;
  abstract readonly capabilities: Capabilities;
  /** What a run records about the engine: versions, device, threads. */
  abstract readonly environment: Tree<string | number>;
  /**
   * Bytes of a layer's output that the processor's caches hold until the next layer reads them. Where it is not null,
   * inference runs in chunks of at most so many bytes; null where larger batches are always faster.
   */
  readonly cache: number | null = null;
  abstract upload(state: Tree<HostTensor>): Promise<DeviceState>;
  abstract compile(step: Step, spec: StepSpec, options?: CompileOptions): Promise<CompiledStep>;
  /**
   * `constants` (frozen weights) become part of the function; `f` gets them with the inputs, under their own names.
   */
  abstract compileFunction(
    f: TensorFunction,
    spec: FunctionSpec,
    constants?: Tree<HostTensor>,
    options?: CompileOptions,
  ): Promise<CompiledFunction>;

  /**
   * Throws the error that would keep a step from running on this backend, before the step is needed. The default runs it
   * twice on the same inputs and compares; a backend that finds the error with less work overrides it.
   */
  async rehearse(step: Step, spec: StepSpec, _options: RehearsalOptions = {}): Promise<void> {
    await rehearseTwice(this, step, spec);
  }

  abstract dispose(): Promise<void>;
}

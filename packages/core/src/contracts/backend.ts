import type { HostTensor, Tree } from '../tree/tree.js';
import type { RankMeans } from './exchange.js';
import { rehearseOnce, rehearseTwice } from './rehearse-twice.js';
import type { FunctionSpec, Step, StepSpec, TensorFunction } from './step.js';

/** What a backend can do; contract suites skip tests by these, never by a test's name. */
export interface Capabilities {
  /** Runs steps; some backends only run functions. */
  readonly training: boolean;
  /** The same inputs give the same bytes. */
  readonly deterministic: boolean;
  /** Runs a recorded graph: a step must not read the values of tensors. */
  readonly compiled: boolean;
  /**
   * How a step may take means over ranks while it runs (`Context.ranks`): `blocking` the thread, or `awaiting` a promise.
   * Null or left out: not at all, so that batch norm cannot be synchronized.
   */
  readonly rankMeans?: 'blocking' | 'awaiting' | null;
}

/** Everything that one run of a step takes besides its state. */
export interface Inputs {
  /** The batch by entry name, e.g. `images` [B, H, W, C]. */
  readonly batch: Tree<HostTensor>;
  /** Hyper-parameters of this step by name, such as learning rates; scalars. */
  readonly hyper: Tree<number>;
  /** Noise is drawn by (seed, step, name, sample); see `drawNoise`. */
  readonly noise: {
    /** Random seed of the training run. */
    readonly seed: number;
    /** Number of the step over the whole stage, from 0. */
    readonly step: number;
    /** Place of the batch's first row in the whole batch that it is a part of; 0 where left out. */
    readonly offset?: number;
  };
  /** For a step with `StepSpec.ranks`; where left out, as if all ranks had the same rows. */
  readonly rankMeans?: RankMeans;
}

/** Named tensors in the backend's memory. */
export interface DeviceState {
  /** Copies entries to the host; all of them where no names are given. */
  read(names?: readonly string[]): Promise<Tree<HostTensor>>;
  /** Replaces entries by host tensors of the same shape and type. */
  write(entries: Tree<HostTensor>): Promise<void>;
  /** Frees the memory of the state. */
  dispose(): Promise<void>;
}

/** A training step that is ready to run. */
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
  /** Frees what the step holds; states that were uploaded stay. */
  dispose(): Promise<void>;
}

/** A pure function that is ready to run. */
export interface CompiledFunction {
  /** Computes the outputs by name. The shapes of `inputs` are those of the spec. */
  run(inputs: Tree<HostTensor>): Promise<Tree<HostTensor>>;
  /** Frees what the function holds. */
  dispose(): Promise<void>;
}

/** Options of `compile` and `compileFunction`. */
export interface CompileOptions {
  /** Stops compilation at the next possible point; the call then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /**
   * Inputs like those that a function will be run on, of the shapes in its spec. A backend that calibrates measures on
   * them which numbers its 8 bits must hold; others need none.
   */
  readonly examples?: readonly Tree<HostTensor>[];
  /**
   * Whether a function's code runs twice, to see that it depends on its arguments alone; default: true. False where that is
   * known, as of everything that comes with ANC.
   */
  readonly repeats?: boolean;
}

/** Options of `rehearse`. */
export interface RehearsalOptions {
  /** Whether the step will be compiled with the same spec, so that work for it is worth keeping; default: true. */
  readonly compiles?: boolean;
  /**
   * Whether its code runs twice, to see that it depends on its arguments alone; default: true. False where that is known, as
   * of everything that comes with ANC.
   */
  readonly repeats?: boolean;
  /**
   * Identifies the code of all parts of the step: an engine may keep on disk what it makes of the step, for other processes with
   * the same code, and need not run it there. Nothing is kept where left out, as with any part that does not come with ANC.
   */
  readonly code?: string;
}

/** Runs or compiles steps. */
export abstract class Backend {
  /** Name under which it is registered and recorded, e.g. `onnx` or `tfjs:wasm`. */
  abstract readonly name: string;
  /** What it can do: the contract suite skips the tests of what it cannot. */
  abstract readonly capabilities: Capabilities;
  /** What a run records about the engine: versions, device, threads. */
  abstract readonly environment: Tree<string | number>;
  /**
   * Bytes of a layer's output that the processor's caches hold until the next layer reads them. Where it is not null,
   * inference runs in chunks of at most so many bytes; null where larger batches are always faster.
   */
  readonly cache: number | null = null;
  /**
   * Whether it computes functions that come with examples in 8 bits; those without examples it computes in float32.
   */
  readonly calibrates: boolean = false;
  /** Copies a training state to the device, where steps update it. */
  abstract upload(state: Tree<HostTensor>): Promise<DeviceState>;
  /**
   * Prepares a step for inputs of the shapes and types in `spec`. Throws an `AncError` that names an operation that
   * the backend lacks.
   */
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
   * Shapes of a function's outputs, by name, without computing them. A backend that learns them no other way than by
   * running the function leaves it out.
   */
  outputShapes?(
    f: TensorFunction,
    spec: FunctionSpec,
    constants: Tree<HostTensor>,
    options: Pick<CompileOptions, 'repeats'>,
  ): Tree<readonly number[]>;

  /**
   * Throws the error that would keep a step from running on this backend, before the step is needed. The default runs it
   * twice on the same inputs and compares; a backend that finds the error with less work overrides it.
   */
  async rehearse(step: Step, spec: StepSpec, { repeats = true }: RehearsalOptions = {}): Promise<void> {
    if (repeats) await rehearseTwice(this, step, spec);
    else await rehearseOnce(this, step, spec);
  }

  /**
   * Begins to build a rehearsed step, which is compiled next with the same spec, beside what the caller does until then. Does
   * nothing for a step that was not rehearsed, and throws nothing: `compile` does. The order of names in a spec makes no difference.
   * Left out where an engine builds nothing ahead.
   */
  prepare?(step: Step, spec: StepSpec): void;

  /** Frees all resources: threads, device memory. Nothing can be run afterwards. */
  abstract dispose(): Promise<void>;
}

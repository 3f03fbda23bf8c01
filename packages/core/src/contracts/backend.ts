import type { FunctionSpec, Step, StepSpec, TensorFunction } from './step.js';
import { mapTree, zeros, type HostTensor, type Tree } from '../tree/tree.js';

/** What a backend can do; suites skip by these, never by a test's name. */
export interface Capabilities {
  /** Runs `compile`d steps (some only infer). */
  readonly training: boolean;
  /** The same inputs give the same bytes. */
  readonly deterministic: boolean;
  /** Runs a recorded graph, so that a step may not look at values. */
  readonly compiled: boolean;
}

/** Everything that one call of a step takes besides its state. */
export interface Inputs {
  readonly batch: Tree<HostTensor>;
  readonly hyper: Tree<number>;
  /** Noise is drawn by (seed, step, name, sample). */
  readonly noise: { readonly seed: number; readonly step: number };
}

/** Named tensors that live where the backend computes. */
export interface DeviceState {
  /** Copies to the host; all names where none are given. */
  read(names?: readonly string[]): Promise<Tree<HostTensor>>;
  /** Replaces entries by host values of the same shape and type. */
  write(entries: Tree<HostTensor>): Promise<void>;
  dispose(): Promise<void>;
}

export interface CompiledStep {
  /**
   * Runs the phases once and advances `state` where it lives. A backend may take the step and run it later: whatever
   * reads the state or the metrics sees it done, and throws what went wrong.
   */
  run(state: DeviceState, inputs: Inputs): Promise<void>;
  /** Means over the calls since the last reading: the only readback. Empty when nothing ran. */
  metrics(): Promise<Tree<number>>;
  dispose(): Promise<void>;
}

export interface CompiledFunction {
  run(inputs: Tree<HostTensor>): Promise<Tree<HostTensor>>;
  dispose(): Promise<void>;
}

export interface CompileOptions {
  readonly signal?: AbortSignal;
}

/** Runs or compiles steps. */
export abstract class Backend {
  abstract readonly name: string;
  abstract readonly capabilities: Capabilities;
  /** What a run's record should say of the engine: versions, device, threads. */
  abstract readonly environment: Tree<string | number>;
  /**
   * Bytes of a layer's output that its processor still has at hand for the next layer, where it is faster to take fewer
   * images at once for that; null where more at once are faster.
   */
  readonly cache: number | null = null;
  abstract upload(state: Tree<HostTensor>): Promise<DeviceState>;
  abstract compile(step: Step, spec: StepSpec, options?: CompileOptions): Promise<CompiledStep>;
  /** `constants` (frozen weights) are baked in and reach `f` beside the inputs, under their own names. */
  abstract compileFunction(
    f: TensorFunction,
    spec: FunctionSpec,
    constants?: Tree<HostTensor>,
    options?: CompileOptions,
  ): Promise<CompiledFunction>;

  /**
   * Throws what would keep a step from running here, before it is needed. This one runs it once, on zeros; a backend
   * that can tell by less overrides it.
   */
  async rehearse(step: Step, spec: StepSpec): Promise<void> {
    const compiled = await this.compile(step, spec);
    const state = await this.upload(mapTree(spec.state, zeros));
    try {
      const hyper = Object.fromEntries(spec.hyper.map((name) => [name, 1]));
      await compiled.run(state, { batch: mapTree(spec.batch, zeros), hyper, noise: { seed: 0, step: 0 } });
      await compiled.metrics(); // it may have been put off until somebody reads
    } finally {
      await compiled.dispose();
      await state.dispose();
    }
  }

  abstract dispose(): Promise<void>;
}

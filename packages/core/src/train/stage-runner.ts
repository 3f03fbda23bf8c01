import type { Backend, CompiledStep, DeviceState, Inputs } from '../contracts/backend.js';
import type { Stage } from '../contracts/method.js';
import type { StepSpec } from '../contracts/step.js';
import { mapTree, specOf, type HostTensor, type Tree } from '../tree/tree.js';
import { accumulate, emptyAccumulator, meansOf } from './metric-accumulator.js';

/** A stage's state on a backend, and its step compiled for each combination of phases that is requested. */
export class StageRunner {
  readonly #compiled = new Map<string, CompiledStep>();
  /** Runs of each compiled step since its metrics were read. */
  readonly #runs = new Map<CompiledStep, number>();

  private constructor(
    readonly backend: Backend,
    readonly stage: Stage,
    /** Shapes and types of the state. */
    readonly spec: StepSpec['state'],
    readonly state: DeviceState,
  ) {}

  /** Copies the state to the backend. */
  static async open(backend: Backend, stage: Stage, initial: Tree<HostTensor>): Promise<StageRunner> {
    return new StageRunner(backend, stage, mapTree(initial, specOf), await backend.upload(initial));
  }

  /** Runs the phases once, in order; compiles them where this combination is new. */
  async play(phases: readonly string[], inputs: Inputs): Promise<void> {
    const key = phases.join('+');
    let compiled = this.#compiled.get(key);
    if (compiled === undefined) {
      const spec: StepSpec = {
        state: this.spec,
        batch: mapTree(inputs.batch, specOf),
        hyper: Object.keys(inputs.hyper),
        phases,
      };
      compiled = await this.backend.compile(this.stage.step, spec);
      this.#compiled.set(key, compiled);
    }
    await compiled.run(this.state, inputs);
    this.#runs.set(compiled, (this.#runs.get(compiled) ?? 0) + 1);
  }

  /** Means over the steps since the last call, over all combinations of phases. */
  async metrics(): Promise<{ readonly count: number; readonly means: Tree<number> }> {
    let accumulator = emptyAccumulator;
    for (const [compiled, count] of this.#runs) {
      accumulator = accumulate(accumulator, await compiled.metrics(), count);
    }
    this.#runs.clear();
    return { count: accumulator.count, means: meansOf(accumulator) };
  }

  /** Copies the state to the host. */
  read(): Promise<Tree<HostTensor>> {
    return this.state.read();
  }

  async close(): Promise<void> {
    for (const compiled of this.#compiled.values()) await compiled.dispose();
    await this.state.dispose();
  }
}

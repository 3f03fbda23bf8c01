import type { Backend, CompiledStep, DeviceState, Inputs } from '../contracts/backend.js';
import type { Stage } from '../contracts/method.js';
import type { StepSpec } from '../contracts/step.js';
import { mapTree, specOf, type HostTensor, type Tree } from '../tree/tree.js';
import {
  accumulate,
  addRuns,
  emptyAccumulator,
  meansOf,
  meansOfRuns,
  type MetricAccumulator,
} from './metric-accumulator.js';

/** The metrics of the steps since the readback before. */
export interface MetricsReadback {
  /** Step by step, in order; null where the backend gives means alone. */
  readonly runs: readonly Tree<number>[] | null;
  readonly means: Tree<number>;
  /** Adds these steps to those that came before. */
  addTo(accumulator: MetricAccumulator): MetricAccumulator;
}

/** A stage's state on a backend, and its step compiled for each combination of phases that is requested. */
export class StageRunner {
  readonly #compiled = new Map<string, CompiledStep>();
  /** The compiled step of each run since the last readback, in order. */
  #runs: CompiledStep[] = [];

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
    this.#runs.push(compiled);
  }

  /**
   * Reads the metrics of the steps since the last call, over all combinations of phases. Where the backend gives them
   * run by run they are added in the order of the steps, so that the sums are the same wherever a readback was.
   */
  async metrics(): Promise<MetricsReadback> {
    const order = this.#runs;
    this.#runs = [];
    const used = [...new Set(order)];
    if (used.every((compiled) => compiled.metricsOfRuns !== undefined)) {
      const rows = new Map<CompiledStep, readonly Tree<number>[]>();
      for (const compiled of used) rows.set(compiled, await compiled.metricsOfRuns!());
      const next = new Map<CompiledStep, number>();
      const runs = order.map((compiled) => {
        const at = next.get(compiled) ?? 0;
        next.set(compiled, at + 1);
        return rows.get(compiled)![at] ?? {};
      });
      return {
        runs,
        means: meansOfRuns(runs),
        addTo: (accumulator) => addRuns(accumulator, runs),
      };
    }
    let read = emptyAccumulator;
    for (const compiled of used) {
      const count = order.filter((other) => other === compiled).length;
      read = accumulate(read, await compiled.metrics(), count);
    }
    const means = meansOf(read);
    return { runs: null, means, addTo: (accumulator) => accumulate(accumulator, means, read.count) };
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

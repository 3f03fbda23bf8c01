import type { Backend, CompiledStep, DeviceState, Inputs } from '../contracts/backend.js';
import type { Exchange, SynchronizedBatchNorm } from '../contracts/exchange.js';
import type { Stage } from '../contracts/method.js';
import { mapTree, specOf, type HostTensor, type Tree } from '../tree/tree.js';
import {
  accumulate,
  addRuns,
  emptyAccumulator,
  meansOf,
  meansOfRuns,
  type MetricAccumulator,
} from './metric-accumulator.js';
import { isFrozen } from '../step/model-state.js';
import { assertDivisible } from './divisible.js';
import { ExchangingStep, exchangesWithin, exchangingSpec } from './exchanging-step.js';
import { rowsIn, SplitSpecs, SplitStage, type WholeSpec } from './split-stage.js';

/** The metrics of the steps since the readback before. */
export interface MetricsReadback {
  /** Step by step, in order; null where the backend gives means alone. */
  readonly runs: readonly Tree<number>[] | null;
  readonly means: Tree<number>;
  /** Adds these steps to those that came before. */
  addTo(accumulator: MetricAccumulator): MetricAccumulator;
}

/** How the batches of a stage are divided. */
export interface Division {
  /** Micro-batches of a batch, whose gradients are averaged before each update; 1 where left out. */
  readonly accumulate?: number;
  /** Averages with other ranks; none where left out. */
  readonly exchange?: Exchange;
  /** With an exchange: batch norm over the rows of all ranks. Each rank's own where left out. */
  readonly synchronizedBatchNorm?: SynchronizedBatchNorm;
}

/** A stage for the shapes of its batches: what copies its state to the backend and compiles its step for some phases. */
interface OpenStage {
  upload(initial: Tree<HostTensor>): Promise<DeviceState>;
  compile(phases: readonly string[]): Promise<CompiledStep>;
}

/**
 * A stage's state on a backend, and its step compiled for each combination of phases that is requested: as a whole, or
 * split between gradients and updates where its batches are cut into parts, or ranks cannot exchange within it.
 */
export class StageRunner {
  readonly #compiled = new Map<string, CompiledStep>();
  #opened: OpenStage | null = null;
  #state: DeviceState | null = null;
  /** The compiled step of each run since the last readback, in order. */
  #runs: CompiledStep[] = [];

  constructor(
    readonly backend: Backend,
    readonly stage: Stage,
    readonly initial: Tree<HostTensor>,
    readonly division: Division = {},
  ) {}

  /** Runs the phases once, in order; compiles them where this combination is new. */
  async play(phases: readonly string[], inputs: Inputs): Promise<void> {
    this.#opened ??= await this.#open(inputs);
    const key = phases.join('+');
    let compiled = this.#compiled.get(key);
    if (compiled === undefined) {
      compiled = await this.#compileBesideUpload(this.#opened, phases);
      this.#compiled.set(key, compiled);
    }
    await compiled.run(this.#state!, inputs);
    this.#runs.push(compiled);
  }

  /** An engine builds the step while the first call copies the state. */
  async #compileBesideUpload(opened: OpenStage, phases: readonly string[]): Promise<CompiledStep> {
    const compiling = opened.compile(phases);
    try {
      this.#state ??= await opened.upload(this.initial);
    } catch (error) {
      await compiling.then(
        (compiled) => compiled.dispose(),
        () => undefined,
      );
      throw error;
    }
    return compiling;
  }

  async #open({ batch, hyper }: Inputs): Promise<OpenStage> {
    const { backend, stage, initial } = this;
    const upload = (state: Tree<HostTensor>): Promise<DeviceState> => backend.upload(state);
    const { accumulate = 1, exchange = null, synchronizedBatchNorm = null } = this.division;
    assertDivisible(stage, accumulate, exchange !== null);
    const whole: WholeSpec = {
      state: mapTree(initial, specOf),
      batch: mapTree(batch, specOf),
      hyper: Object.keys(hyper),
    };
    const synchronized = exchange === null ? null : synchronizedBatchNorm;
    if (exchange !== null && exchangesWithin(backend, accumulate)) {
      const spec = exchangingSpec(whole, synchronized);
      const rows = stage.rows?.count ?? rowsIn(whole);
      return {
        upload,
        compile: async (phases) => {
          const compiled = await backend.compile(stage.step, { ...spec, phases });
          return new ExchangingStep(compiled, phases.join('+'), rows, exchange);
        },
      };
    }
    if (accumulate !== 1 || exchange !== null) {
      const specs = await SplitSpecs.of(backend, stage.step, whole, { accumulate, synchronized });
      return new SplitStage(backend, specs, { exchange, synchronized, rows: stage.rows?.count });
    }
    return { upload, compile: (phases) => backend.compile(stage.step, { ...whole, phases }) };
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

  /** Copies the state to the host, but for what never changes. */
  async read(): Promise<Tree<HostTensor>> {
    if (this.#state === null) return this.initial;
    const names = Object.keys(this.initial);
    const changed = await this.#state.read(names.filter((name) => !isFrozen(name)));
    return Object.fromEntries(names.map((name) => [name, changed[name] ?? this.initial[name]!]));
  }

  async close(): Promise<void> {
    for (const compiled of this.#compiled.values()) await compiled.dispose();
    await this.#state?.dispose();
  }
}

import type { FlatGraph } from '../graph/flat-graph.js';
import { grouped, isGroup } from '../kernels/groups.js';
import type { KernelThreads } from '../kernels/kernel-threads.js';
import type { Onednn } from '../library/onednn.js';
import { partsOfProducts } from '../operators/after-products.js';
import { buildGroup } from '../operators/group.js';
import { buildNode } from '../operators/operators.js';
import { Builder, type Precision } from '../build/builder.js';
import { exportOutputs, finished, type Finished } from '../build/finished.js';
import type { Ranges } from '../build/quantization.js';
import type { HostArray } from '../build/storage.js';

export interface ProgramOptions {
  /** For 8 bits: ranges to compute with. */
  readonly ranges?: Ranges;
  /** For 8 bits: a place to write measured ranges to. */
  readonly measured?: Ranges;
  /** What computes the kernels of steps, and their memory; left out for functions. */
  readonly threads?: KernelThreads;
  /** Whether outputs that replace entries of the state do so at once; else they are returned. */
  readonly advances?: boolean;
}

/** A graph that is ready to run. */
export class Program {
  readonly #builder: Builder;
  readonly #finished: Finished;
  /** Whether it replaces entries of the state while it runs. */
  readonly advances: boolean;
  /** The state whose places the steps use. */
  #bound: number | null = null;

  /**
   * @throws `ANC_COMPILE_UNSUPPORTED` for an operation that is not computed here, Error where the library fails
   */
  constructor(
    library: Onednn,
    graph: FlatGraph,
    precision: Precision,
    { ranges, measured, threads, advances = false }: ProgramOptions = {},
  ) {
    this.advances = advances;
    const left = partsOfProducts(graph);
    const units = threads === undefined ? graph.nodes : grouped(graph, (node) => left.has(node));
    const alone = new Set(units.filter((unit) => !isGroup(unit)));
    const inKernels = new Set(graph.nodes.filter((node) => !alone.has(node)));
    const builder = new Builder(library, graph, precision, {
      ranges: ranges ?? null,
      measured: measured ?? null,
      threads: threads ?? null,
      grouped: inKernels,
    });
    try {
      for (const unit of units) {
        if (isGroup(unit)) buildGroup(builder, unit);
        else if (!builder.uses.isDone(unit)) buildNode(builder, unit);
      }
      exportOutputs(builder);
      this.#finished = finished(builder, advances);
    } catch (error) {
      builder.release();
      throw error;
    }
    this.#builder = builder;
  }

  /** Bytes that the tensors between inputs and outputs take. */
  get arena(): number {
    return this.#finished.arena;
  }

  /** Makes the steps use a state: the places of its entries in the heap. */
  bind(state: number, places: ReadonlyMap<string, number>): void {
    if (this.#bound === state) return;
    this.#finished.bind(places);
    this.#bound = state;
  }

  /** Computes the outputs from the inputs by name; the arrays are the caller's. */
  run(inputs: ReadonlyMap<string, HostArray['data']>): Map<string, HostArray['data']> {
    const { steps, inputs: places, outputs } = this.#finished;
    for (const [name, { data }] of places) data.set(inputs.get(name)!);
    for (const step of steps) step();
    return new Map([...outputs].map(([name, { data }]) => [name, data.slice()]));
  }

  release(): void {
    this.#builder.release();
  }
}

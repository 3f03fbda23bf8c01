import type { FlatGraph } from '../graph/flat-graph.js';
import type { Onednn } from '../library/onednn.js';
import { buildNode } from '../operators/operators.js';
import { Builder, type Finished, type HostArray, type Precision, type Ranges } from '../build/builder.js';

/** For 8 bits: ranges to compute with, or a place to write measured ones to. */
export interface ProgramRanges {
  readonly ranges?: Ranges;
  readonly measured?: Ranges;
}

/** A graph that is ready to run. */
export class Program {
  readonly #builder: Builder;
  readonly #finished: Finished;

  /**
   * @throws `ANC_COMPILE_UNSUPPORTED` for an operation that is not computed here, Error where the library fails
   */
  constructor(
    library: Onednn,
    graph: FlatGraph,
    precision: Precision,
    { ranges, measured }: ProgramRanges = {},
  ) {
    const builder = new Builder(library, graph, precision, ranges ?? null, measured ?? null);
    try {
      for (const node of graph.nodes) if (!builder.isDone(node)) buildNode(builder, node);
      builder.exportOutputs();
      this.#finished = builder.finished();
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

import type { CompiledStep, DeviceState, Inputs } from '../contracts/backend.js';
import type { Exchange } from '../contracts/exchange.js';
import { KEEP, WEIGHT } from '../step/split-phase.js';
import { rowsOf, type RowRange } from '../tree/rows.js';
import { mapTree, namesOf, type HostTensor, type Tree } from '../tree/tree.js';
import { meansOfRuns } from './metric-accumulator.js';
import { assertExchanged, rankMeansOf, type Between } from './rank-means.js';

/** The compiled halves of a phase. */
export interface SplitPhase {
  readonly name: string;
  /** The first half, for each part of a batch; a part has a compiled step of its own, which draws its noise in advance. */
  readonly parts: readonly { readonly rows: RowRange; readonly gradients: CompiledStep }[];
  /** Null for a phase that every rank computes alike: `gradients` is the whole of it. */
  readonly update: CompiledStep | null;
  /** State entries that hold what the first half hands to the second, in code-unit order. */
  readonly held: readonly string[];
}

/**
 * A step whose phases are split between gradients and update: the gradients of all parts of a batch are averaged,
 * weighted by their rows, then those of all ranks, and one update follows. The order of the phases and of the statistics
 * within one is that of the whole step, as `playPhases` runs every half.
 *
 * Metrics are means over the same rows, read in every step: an exchange has them beside the gradients, so that the order
 * of the exchanges does not depend on when a rank reads metrics.
 */
export class SplitStep implements CompiledStep {
  #runs: Tree<number>[] = [];

  constructor(
    readonly phases: readonly SplitPhase[],
    readonly between: Between,
  ) {}

  async run(state: DeviceState, inputs: Inputs): Promise<void> {
    const metrics: Record<string, number> = {};
    for (const phase of this.phases) Object.assign(metrics, await this.#play(phase, state, inputs));
    this.#runs.push(metrics);
  }

  metricsOfRuns(): Promise<readonly Tree<number>[]> {
    const runs = this.#runs;
    this.#runs = [];
    return Promise.resolve(runs);
  }

  async metrics(): Promise<Tree<number>> {
    return meansOfRuns(await this.metricsOfRuns());
  }

  async dispose(): Promise<void> {
    for (const { parts, update } of this.phases) {
      for (const { gradients } of parts) await gradients.dispose();
      await update?.dispose();
    }
  }

  /** Runs one phase and returns its metrics. */
  async #play(phase: SplitPhase, state: DeviceState, inputs: Inputs): Promise<Tree<number>> {
    const { parts, update } = phase;
    const { batch, hyper, noise } = inputs;
    const rows = parts.reduce((sum, part) => sum + part.rows.count, 0);
    for (const [i, { rows: range, gradients }] of parts.entries()) {
      const share = { [KEEP]: i === 0 ? 0 : 1, [WEIGHT]: range.count / rows };
      await gradients.run(state, {
        batch: parts.length === 1 ? batch : mapTree(batch, (entry) => rowsOf(entry, range)),
        hyper: parts.length === 1 ? hyper : { ...hyper, ...share },
        noise: { ...noise, offset: (noise.offset ?? 0) + range.start },
        ...rankMeansOf(phase.name, range.count, this.between),
      });
    }
    const each: Tree<number>[] = [];
    for (const { gradients } of parts) each.push(await gradients.metrics());
    const metrics = mapTree(
      each[0]!,
      (_value, name) => each.reduce((sum, values, i) => sum + values[name]! * parts[i]!.rows.count, 0) / rows,
    );
    if (update === null) return metrics;
    const { exchange, rows: weight = rows } = this.between;
    const exchanged =
      exchange === null ? metrics : await this.#exchanged(exchange, phase, weight, state, metrics);
    await update.run(state, { batch: {}, hyper, noise });
    return exchanged;
  }

  /** Replaces what a phase hands to its update by the means of all ranks; returns those of the metrics. */
  async #exchanged(
    exchange: Exchange,
    { name: phase, held }: SplitPhase,
    rows: number,
    state: DeviceState,
    metrics: Tree<number>,
  ): Promise<Tree<number>> {
    const own = await state.read(held);
    const names = namesOf(metrics);
    const last = Float32Array.from(names, (name) => metrics[name]!);
    const values = [...held.map((name) => own[name]!.data as Float32Array), last];
    const means = await exchange({ phase, rows, values });
    assertExchanged(phase, values, means);
    const replaced = held.map((name, i): [string, HostTensor] => [
      name,
      { shape: own[name]!.shape, data: means[i]! },
    ]);
    await state.write(Object.fromEntries(replaced));
    return Object.fromEntries(names.map((name, i) => [name, means.at(-1)![i]!]));
  }
}

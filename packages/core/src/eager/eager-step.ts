import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import type { CompiledStep, DeviceState, Inputs } from '../contracts/backend.js';
import type { BatchRanks } from '../contracts/network.js';
import type { Phase, Step, StepSpec } from '../contracts/step.js';
import { AncError } from '../errors/error.js';
import { meansOfRuns } from '../train/metric-accumulator.js';
import { phasesOf, playPhases } from '../step/play-phases.js';
import { assertFeed } from '../tree/assert-feed.js';
import { mapTree, type Tree } from '../tree/tree.js';
import { eagerContext, eagerRanks } from './eager-context.js';
import { EagerState, type RunExclusive } from './eager-state.js';
import { toTensor } from './host-tensor.js';

/** The metrics of one run: their names, and their values [1, metrics] on the device; null where there are none. */
interface RunMetrics {
  readonly names: readonly string[];
  readonly row: Tensor | null;
}

/** Runs a step op by op; its metrics stay on the device until they are read. */
export class EagerStep implements CompiledStep {
  readonly #phases: readonly Phase[];
  #names: readonly string[] = [];
  /** The metrics of the runs since the last readback, [runs, metrics]: one tensor, however many runs. */
  #rows: Tensor | null = null;

  constructor(
    readonly within: RunExclusive,
    step: Step,
    readonly spec: StepSpec,
    /** Awaited after every run: limits the device's queue. */
    readonly settled: () => Promise<void>,
    /** Wraps what computes the phases. */
    readonly around: <T>(compute: () => T) => T,
  ) {
    this.#phases = phasesOf(step, spec.phases);
  }

  async run(state: DeviceState, inputs: Inputs): Promise<void> {
    if (!(state instanceof EagerState) || state.within !== this.within) {
      throw new AncError('ANC_STATE', 'this state was uploaded to another backend.', {
        hint: 'upload it with the backend that compiled the step.',
      });
    }
    assertFeed('the batch entry', inputs.batch, this.spec.batch);
    const missing = this.spec.hyper.find((name) => inputs.hyper[name] === undefined);
    if (missing !== undefined) {
      throw new AncError('ANC_FEED', `the hyperparameter "${missing}" is missing.`);
    }
    await this.within(() => {
      const { ranks: count } = this.spec;
      const ranks = count === undefined ? null : eagerRanks(count, inputs.rankMeans);
      const { changed, metrics } = this.around(() => runPhases(this.#phases, state.tensors, inputs, ranks));
      state.replace(changed);
      this.#names = metrics.names;
      const [before, row] = [this.#rows, metrics.row];
      if (row === null) return;
      this.#rows = before === null ? row : tf.concat([before, row], 0);
      if (before !== null) tf.dispose([before, row]);
    });
    await this.settled();
  }

  async metrics(): Promise<Tree<number>> {
    return meansOfRuns(await this.metricsOfRuns());
  }

  async metricsOfRuns(): Promise<readonly Tree<number>[]> {
    const [names, rows] = [this.#names, this.#rows];
    this.#rows = null;
    const values = rows === null ? [] : await rows.data();
    rows?.dispose();
    await this.within(() => {}); // checks the device, as in EagerState.read
    return Array.from({ length: values.length / Math.max(1, names.length) }, (_, run) =>
      Object.fromEntries(names.map((name, i) => [name, values[run * names.length + i]!])),
    );
  }

  dispose(): Promise<void> {
    this.#rows?.dispose();
    this.#rows = null;
    return Promise.resolve();
  }
}

/** Runs the phases in order on one batch. The caller disposes of the returned tensors; no two are the same. */
function runPhases(
  phases: readonly Phase[],
  before: ReadonlyMap<string, Tensor>,
  { batch, hyper, noise }: Inputs,
  ranks: BatchRanks | null,
): { readonly changed: Tree; readonly metrics: RunMetrics } {
  const names: string[] = [];
  const played: { changed: Tree; values: Tensor[] } = tf.tidy(() => {
    const { changed, metrics } = playPhases(
      phases,
      Object.fromEntries(before),
      mapTree(batch, toTensor),
      mapTree(hyper, (value) => tf.scalar(value)),
      (repeat) => eagerContext(noise, repeat, ranks),
    );
    const held = new Set<Tensor>(before.values());
    const owned = (tensor: Tensor, name: string): Tensor => {
      if (before.get(name) === tensor) return tensor; // unchanged
      if (held.has(tensor)) return tf.clone(tensor); // one tensor under two names
      held.add(tensor);
      return tensor;
    };
    names.push(...Object.keys(metrics));
    const scalars = Object.values(metrics).map((value) => tf.cast<Scalar>(value, 'float32'));
    const values = scalars.length === 0 ? [] : [tf.expandDims(tf.stack(scalars), 0)]; // read back as one tensor
    return { changed: mapTree(changed, owned), values };
  });
  return { changed: played.changed, metrics: { names, row: played.values[0] ?? null } };
}

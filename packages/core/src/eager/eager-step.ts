import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { CompiledStep, DeviceState, Inputs } from '../contracts/backend.js';
import type { Phase, Step, StepSpec } from '../contracts/step.js';
import { AncError } from '../errors/error.js';
import { phasesOf, playPhases, type PlayedPhases } from '../step/play-phases.js';
import { assertFeed } from '../tree/assert-feed.js';
import { mapTree, type Tree } from '../tree/tree.js';
import { eagerContext } from './eager-context.js';
import { EagerState, type RunExclusive } from './eager-state.js';
import { toTensor } from './host-tensor.js';

/** Runs a step op by op; its metrics stay on the device until they are read. */
export class EagerStep implements CompiledStep {
  readonly #phases: readonly Phase[];
  #sums = new Map<string, Tensor>();
  #count = 0;

  constructor(
    readonly within: RunExclusive,
    step: Step,
    readonly spec: StepSpec,
    /** Awaited after every run: limits the device's queue. */
    readonly settled: () => Promise<void>,
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
      const { changed, metrics } = runPhases(this.#phases, state.tensors, inputs);
      state.replace(changed);
      for (const [name, value] of Object.entries(metrics)) {
        const before = this.#sums.get(name);
        this.#sums.set(name, before === undefined ? value : tf.add(before, value));
        if (before !== undefined) tf.dispose([before, value]);
      }
      this.#count++;
    });
    await this.settled();
  }

  async metrics(): Promise<Tree<number>> {
    const [sums, count] = [this.#sums, this.#count];
    this.#sums = new Map();
    this.#count = 0;
    const pairs = [...sums].map(async ([name, sum]) => [name, (await sum.data())[0]! / count] as const);
    const means = Object.fromEntries(await Promise.all(pairs));
    tf.dispose([...sums.values()]);
    await this.within(() => {}); // checks the device, as in EagerState.read
    return means;
  }

  dispose(): Promise<void> {
    tf.dispose([...this.#sums.values()]);
    this.#sums.clear();
    this.#count = 0;
    return Promise.resolve();
  }
}

/** Runs the phases in order on one batch. The caller disposes of the returned tensors; no two are the same. */
function runPhases(
  phases: readonly Phase[],
  before: ReadonlyMap<string, Tensor>,
  { batch, hyper, noise }: Inputs,
): PlayedPhases {
  return tf.tidy(() => {
    const { changed, metrics } = playPhases(
      phases,
      Object.fromEntries(before),
      mapTree(batch, toTensor),
      mapTree(hyper, (value) => tf.scalar(value)),
      (repeat) => eagerContext(noise.seed, noise.step, repeat),
    );
    const held = new Set<Tensor>(before.values());
    const owned = (tensor: Tensor, name: string): Tensor => {
      if (before.get(name) === tensor) return tensor; // unchanged
      if (held.has(tensor)) return tf.clone(tensor); // one tensor under two names
      held.add(tensor);
      return tensor;
    };
    return { changed: mapTree(changed, owned), metrics: mapTree(metrics, (value) => tf.clone(value)) };
  });
}

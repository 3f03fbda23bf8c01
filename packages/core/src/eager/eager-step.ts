import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import type { CompiledStep, DeviceState, Inputs } from '../contracts/backend.js';
import { AncError } from '../errors/error.js';
import type { Phase, Step, StepSpec } from '../contracts/step.js';
import { mapTree, type Tree } from '../tree/tree.js';
import { eagerContext } from './eager-context.js';
import { EagerState, type RunExclusive } from './eager-state.js';
import { assertFeed, toTensor } from './host-tensor.js';

/** A step that is run op by op; its metrics stay on the device until they are read. */
export class EagerStep implements CompiledStep {
  readonly #phases: readonly Phase[];
  #sums = new Map<string, Tensor>();
  #count = 0;

  constructor(
    readonly within: RunExclusive,
    step: Step,
    readonly spec: StepSpec,
    /** Awaited after every run: how a backend keeps the device's queue short. */
    readonly settled: () => Promise<void>,
  ) {
    this.#phases = (spec.phases ?? step.phases.map(({ name }) => name)).map((name) => phaseOf(step, name));
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
    await this.within(() => {}); // as in reading a state
    return means;
  }

  dispose(): Promise<void> {
    tf.dispose([...this.#sums.values()]);
    this.#sums.clear();
    this.#count = 0;
    return Promise.resolve();
  }
}

export function phaseOf(step: Step, name: string): Phase {
  const phase = step.phases.find((candidate) => candidate.name === name);
  if (phase === undefined) {
    const known = step.phases.map((candidate) => candidate.name).join(', ');
    throw new AncError('ANC_PHASE', `no phase named "${name}". This step has: ${known}.`);
  }
  return phase;
}

/** Runs the phases in order on one batch. What comes back is the caller's to dispose, each tensor once. */
function runPhases(
  phases: readonly Phase[],
  before: ReadonlyMap<string, Tensor>,
  { batch, hyper, noise }: Inputs,
): { changed: Record<string, Tensor>; metrics: Record<string, Scalar> } {
  return tf.tidy(() => {
    const tensors = mapTree(batch, toTensor);
    const scalars = mapTree(hyper, (value) => tf.scalar(value));
    const seen = new Map<string, number>();
    const metrics: Record<string, Scalar> = {};
    const changed: Record<string, Tensor> = {};
    for (const phase of phases) {
      const repeat = seen.get(phase.name) ?? 0;
      seen.set(phase.name, repeat + 1);
      const state = { ...Object.fromEntries(before), ...changed };
      const found = phase.gradients(state, tensors, scalars, eagerContext(noise.seed, noise.step, repeat));
      Object.assign(metrics, found.metrics);
      Object.assign(changed, found.stats);
      Object.assign(changed, phase.update({ ...state, ...found.stats }, found.grads, scalars));
    }
    const held = new Set<Tensor>(before.values());
    const owned = (tensor: Tensor, name: string): Tensor => {
      if (before.get(name) === tensor) return tensor; // passed through unchanged
      if (held.has(tensor)) return tf.clone(tensor); // one tensor under two names
      held.add(tensor);
      return tensor;
    };
    return { changed: mapTree(changed, owned), metrics: mapTree(metrics, (value) => tf.clone(value)) };
  });
}

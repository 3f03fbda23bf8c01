import * as tf from '@tensorflow/tfjs-core';
import '../autodiff.js';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import {
  Backend,
  type Capabilities,
  type CompiledFunction,
  type CompiledStep,
  type DeviceState,
  type Inputs,
} from '../backend.js';
import { AncError } from '../error.js';
import type { FunctionSpec, Phase, Step, StepSpec, TensorFunction } from '../step.js';
import { mapTree, type Host, type Tree } from '../tree.js';
import { eagerContext, inference } from './eager-context.js';

const toTensor = ({ shape, data }: Host): Tensor =>
  data instanceof Int32Array
    ? tf.tensor(data, [...shape], 'int32')
    : tf.tensor(data instanceof Uint8Array ? Float32Array.from(data) : data.slice(), [...shape], 'float32');

async function toHost(tensor: Tensor): Promise<Host> {
  const data = await tensor.data();
  return {
    shape: [...tensor.shape],
    data: tensor.dtype === 'float32' ? Float32Array.from(data) : Int32Array.from(data),
  };
}

class EagerState implements DeviceState {
  constructor(readonly tensors: Map<string, Tensor>) {}

  async read(names: readonly string[] = [...this.tensors.keys()]): Promise<Tree<Host>> {
    const pairs = names.map(async (name) => {
      const tensor = this.tensors.get(name);
      if (tensor === undefined) throw new AncError('ANC_TREE', `the state has no entry "${name}".`);
      return [name, await toHost(tensor)] as const;
    });
    return Object.fromEntries(await Promise.all(pairs));
  }

  write(entries: Tree<Host>): Promise<void> {
    this.replace(mapTree(entries, toTensor));
    return Promise.resolve();
  }

  /** Takes tensors over and lets go of those they replace. */
  replace(entries: Tree): void {
    for (const [name, tensor] of Object.entries(entries)) {
      const before = this.tensors.get(name);
      if (before !== undefined && before !== tensor) before.dispose();
      this.tensors.set(name, tensor);
    }
  }

  dispose(): Promise<void> {
    for (const tensor of this.tensors.values()) tensor.dispose();
    this.tensors.clear();
    return Promise.resolve();
  }
}

/**
 * Runs steps and functions op by op on whatever tfjs backend is named: the reference that compiled
 * backends are compared with, and what `backend-tfjs` and `backend-webgpu` are made of.
 */
export class EagerBackend extends Backend {
  readonly name: string;
  readonly capabilities: Capabilities = { training: true, deterministic: true, compiled: false };
  readonly environment: Tree<string | number>;

  /** `tfjsName` must be registered with tfjs already. */
  constructor(readonly tfjsName: string) {
    super();
    this.name = `tfjs:${tfjsName}`;
    this.environment = { tfjs: tf.version_core, engine: tfjsName };
  }

  /** The active tfjs backend is global and anyone may have changed it: no await between this and the ops. */
  async #activate(): Promise<void> {
    if (tf.getBackend() !== this.tfjsName && !(await tf.setBackend(this.tfjsName))) {
      throw new AncError('ANC_BACKEND', `tfjs backend "${this.tfjsName}" did not start.`);
    }
  }

  async upload(state: Tree<Host>): Promise<DeviceState> {
    await this.#activate();
    return new EagerState(new Map(Object.entries(mapTree(state, toTensor))));
  }

  compile(step: Step, spec: StepSpec): Promise<CompiledStep> {
    const activate = (): Promise<void> => this.#activate();
    const phases = (spec.phases ?? step.phases.map(({ name }) => name)).map((name) => phaseOf(step, name));
    const sums = new Map<string, Tensor>();
    let count = 0;
    const clear = (): void => {
      for (const sum of sums.values()) sum.dispose();
      sums.clear();
      count = 0;
    };
    return Promise.resolve({
      async run(state: DeviceState, inputs: Inputs) {
        await activate();
        const held = state as EagerState;
        const { changed, metrics } = runPhases(phases, held.tensors, inputs);
        held.replace(changed);
        for (const [name, value] of Object.entries(metrics)) {
          const before = sums.get(name);
          sums.set(name, before === undefined ? value : tf.add(before, value));
          if (before !== undefined) tf.dispose([before, value]);
        }
        count++;
      },
      async metrics() {
        const pairs = [...sums].map(async ([name, sum]) => [name, (await sum.data())[0]! / count] as const);
        const means = Object.fromEntries(await Promise.all(pairs));
        clear();
        return means;
      },
      dispose() {
        clear();
        return Promise.resolve();
      },
    });
  }

  async compileFunction(
    f: TensorFunction,
    _spec: FunctionSpec,
    constants: Tree<Host> = {},
  ): Promise<CompiledFunction> {
    await this.#activate();
    const frozen = mapTree(constants, toTensor);
    return {
      run: async (inputs) => {
        await this.#activate();
        const outputs = tf.tidy(() => ({ ...f({ ...frozen, ...mapTree(inputs, toTensor) }, inference) }));
        const pairs = Object.entries(outputs).map(
          async ([name, tensor]) => [name, await toHost(tensor)] as const,
        );
        const hosts = Object.fromEntries(await Promise.all(pairs));
        tf.dispose(Object.values(outputs).filter((tensor) => !Object.values(frozen).includes(tensor)));
        return hosts;
      },
      dispose: () => {
        tf.dispose(Object.values(frozen));
        return Promise.resolve();
      },
    };
  }

  dispose(): Promise<void> {
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

/** Runs the phases in order on one batch. What comes back is the caller's to dispose. */
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
    return { changed, metrics };
  });
}

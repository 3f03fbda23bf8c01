import * as tf from '@tensorflow/tfjs-core';
import '../autodiff/autodiff.js';
import {
  Backend,
  type Capabilities,
  type CompiledFunction,
  type CompiledStep,
  type CompileOptions,
  type DeviceState,
} from '../contracts/backend.js';
import type { FunctionSpec, Step, StepSpec, TensorFunction } from '../contracts/step.js';
import { AncError } from '../errors/error.js';
import { assertFeed } from '../tree/assert-feed.js';
import { mapTree, type HostTensor, type Tree } from '../tree/tree.js';
import { inference } from './eager-context.js';
import { EagerState, type RunExclusive } from './eager-state.js';
import { EagerStep } from './eager-step.js';
import { toHost, toTensor } from './host-tensor.js';
import { replacePlainKernels } from './plain-kernels.js';

/** Properties of a backend beside the name under which tfjs has it. */
export interface EagerOptions {
  /** Name under which it is registered and recorded; default: tfjs's. */
  readonly name?: string;
  /** Capabilities that differ from those of a backend without limits. */
  readonly capabilities?: Partial<Capabilities>;
  /** Recorded with a run; `device` and `memory` (in bytes) are shown to users. */
  readonly environment?: Tree<string | number>;
  /** Called before every use of the device and after every readback. Throws where the device has failed. */
  readonly check?: () => void;
  /** Wraps what computes a step or a function; calls `compute` once and returns its result. Default: only calls it. */
  readonly around?: <T>(what: 'step' | 'function', compute: () => T) => T;
  /** Awaited after every step: limits the device's queue. */
  readonly settled?: () => Promise<void>;
  /** Releases the device. */
  readonly close?: () => Promise<void> | void;
}

let last: Promise<unknown> = Promise.resolve();

/**
 * Runs `use` after all earlier calls have finished, across all backends. The active tfjs backend is global: two
 * backends that work at the same time would switch it back and forth endlessly.
 */
function inTurn<T>(use: () => Promise<T>): Promise<T> {
  const turn = last.then(use);
  last = turn.catch(() => {}); // its caller gets the error
  return turn;
}

/**
 * Runs steps and functions op by op on a tfjs backend: the reference for compiled backends, and the base of
 * `backend-tfjs` and `backend-webgpu`.
 */
export class EagerBackend extends Backend {
  readonly name: string;
  readonly capabilities: Capabilities;
  readonly environment: Tree<string | number>;
  readonly #within: RunExclusive;

  /** `tfjsName`: a backend that is registered with tfjs. */
  constructor(
    /** Name of the backend in tfjs's own registry. */
    readonly tfjsName: string,
    /** Properties of the backend beside that name. */
    readonly options: EagerOptions = {},
  ) {
    super();
    tf.env().set('PROD', true); // suppresses tfjs's banner and warnings
    if (tfjsName === 'cpu') replacePlainKernels();
    this.name = options.name ?? `tfjs:${tfjsName}`;
    this.capabilities = {
      training: true,
      deterministic: true,
      compiled: false,
      rankMeans: 'blocking',
      ...options.capabilities,
    };
    this.environment = { tfjs: tf.version_core, engine: tfjsName, ...options.environment };
    this.#within = (f) =>
      inTurn(async () => {
        while (tf.getBackend() !== tfjsName) {
          if (!(await tf.setBackend(tfjsName))) {
            throw new AncError('ANC_BACKEND', `tfjs backend "${tfjsName}" did not start.`);
          }
        }
        options.check?.();
        return f(); // runs right after the comparison, without a turn of the event loop between them
      });
  }

  #around<T>(what: 'step' | 'function', compute: () => T): T {
    const { around } = this.options;
    return around === undefined ? compute() : around(what, compute);
  }

  upload(state: Tree<HostTensor>): Promise<DeviceState> {
    return EagerState.upload(this.#within, state);
  }

  async compile(step: Step, spec: StepSpec, { signal }: CompileOptions = {}): Promise<CompiledStep> {
    signal?.throwIfAborted();
    const { settled = () => Promise.resolve() } = this.options;
    return new EagerStep(this.#within, step, spec, settled, (compute) => this.#around('step', compute));
  }

  async compileFunction(
    f: TensorFunction,
    spec: FunctionSpec,
    constants: Tree<HostTensor> = {},
    { signal }: CompileOptions = {},
  ): Promise<CompiledFunction> {
    signal?.throwIfAborted();
    const frozen = await this.#within(() => mapTree(constants, toTensor));
    return {
      run: async (inputs) => {
        assertFeed('the input', inputs, spec.inputs);
        const compute = (): Tree =>
          tf.tidy(() => {
            const found = f({ ...frozen, ...mapTree(inputs, toTensor) }, inference);
            return mapTree(found, (tensor) => tf.clone(tensor)); // one may be a constant, two the same tensor
          });
        const outputs = await this.#within(() => this.#around('function', compute));
        const pairs = Object.entries(outputs).map(
          async ([name, tensor]) => [name, await toHost(tensor)] as const,
        );
        const hosts = Object.fromEntries(await Promise.all(pairs));
        tf.dispose(outputs);
        await this.#within(() => {}); // checks the device, as in EagerState.read
        return hosts;
      },
      dispose: async () => {
        tf.dispose(Object.values(frozen));
      },
    };
  }

  async dispose(): Promise<void> {
    await this.options.close?.();
  }
}

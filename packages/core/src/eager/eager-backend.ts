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
import { AncError } from '../errors/error.js';
import type { FunctionSpec, Step, StepSpec, TensorFunction } from '../contracts/step.js';
import { mapTree, type HostTensor, type Tree } from '../tree/tree.js';
import { inference } from './eager-context.js';
import { EagerState, type RunExclusive } from './eager-state.js';
import { EagerStep } from './eager-step.js';
import { assertFeed, toHost, toTensor } from './host-tensor.js';

/** What a backend knows of its engine beyond the name under which tfjs has it. */
export interface EagerOptions {
  readonly name?: string;
  readonly capabilities?: Partial<Capabilities>;
  /** Added to the run's record; `device` and `memory` are shown to people. */
  readonly environment?: Tree<string | number>;
  /** Called before every use of the engine and after every reading. Throws where it has failed. */
  readonly check?: () => void;
  /** Awaited after every step: keeps the device's queue short. */
  readonly settled?: () => Promise<void>;
  /** Frees what the engine holds. */
  readonly close?: () => Promise<void> | void;
}

let last: Promise<unknown> = Promise.resolve();

/**
 * Runs `use` after all that were asked before it, whoever asked. The active tfjs backend is global: two that
 * work at once would switch it back and forth for ever.
 */
function inTurn<T>(use: () => Promise<T>): Promise<T> {
  const turn = last.then(use);
  last = turn.catch(() => {}); // its caller hears of it
  return turn;
}

/**
 * Runs steps and functions op by op on whatever tfjs backend is named: the reference that compiled
 * backends are compared with, and what `backend-tfjs` and `backend-webgpu` are made of.
 */
export class EagerBackend extends Backend {
  readonly name: string;
  readonly capabilities: Capabilities;
  readonly environment: Tree<string | number>;
  readonly #within: RunExclusive;

  /** `tfjsName` must be registered with tfjs already. */
  constructor(
    readonly tfjsName: string,
    readonly options: EagerOptions = {},
  ) {
    super();
    tf.env().set('PROD', true); // silences tfjs's banners and warnings
    this.name = options.name ?? `tfjs:${tfjsName}`;
    this.capabilities = { training: true, deterministic: true, compiled: false, ...options.capabilities };
    this.environment = { tfjs: tf.version_core, engine: tfjsName, ...options.environment };
    this.#within = (f) =>
      inTurn(async () => {
        while (tf.getBackend() !== tfjsName) {
          if (!(await tf.setBackend(tfjsName))) {
            throw new AncError('ANC_BACKEND', `tfjs backend "${tfjsName}" did not start.`);
          }
        }
        options.check?.();
        return f(); // nothing comes between the comparison and this, not even a turn of the event loop
      });
  }

  upload(state: Tree<HostTensor>): Promise<DeviceState> {
    return EagerState.upload(this.#within, state);
  }

  async compile(step: Step, spec: StepSpec, { signal }: CompileOptions = {}): Promise<CompiledStep> {
    signal?.throwIfAborted();
    return new EagerStep(this.#within, step, spec, this.options.settled ?? (() => Promise.resolve()));
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
        const outputs = await this.#within(() =>
          tf.tidy(() => {
            const found = f({ ...frozen, ...mapTree(inputs, toTensor) }, inference);
            return mapTree(found, (tensor) => tf.clone(tensor)); // it may be a constant, or come twice
          }),
        );
        const pairs = Object.entries(outputs).map(
          async ([name, tensor]) => [name, await toHost(tensor)] as const,
        );
        const hosts = Object.fromEntries(await Promise.all(pairs));
        tf.dispose(outputs);
        await this.#within(() => {}); // as in reading a state
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

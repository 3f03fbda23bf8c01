import {
  Backend,
  EagerBackend,
  type CompiledFunction,
  type CompiledStep,
  type CompileOptions,
  type DeviceState,
  type FunctionSpec,
  type HostTensor,
  type Step,
  type StepSpec,
  type TensorFunction,
  type Tree,
} from '@anc/core';

/** What a faulty backend does differently; `inner` is the correct behavior. */
export interface Fault {
  readonly deterministic?: boolean;
  readonly compiled?: (inner: CompiledFunction, spec: FunctionSpec) => Partial<CompiledFunction>;
  /** Ignores the caller's abort signal. */
  readonly unstoppable?: true;
  readonly state?: (inner: DeviceState, initial: Tree<HostTensor>) => Partial<DeviceState>;
  /** `hold` returns the correct state inside the faulty one. */
  readonly step?: (
    inner: CompiledStep,
    hold: (state: DeviceState) => DeviceState,
    spec: StepSpec,
  ) => Partial<CompiledStep>;
  readonly dispose?: () => Promise<void>;
}

/** tfjs's plain JavaScript backend with one fault. */
export class FaultyBackend extends Backend {
  readonly name = 'faulty';
  readonly environment = {};
  readonly capabilities;
  readonly #inner = new EagerBackend('cpu');
  readonly #correct = new WeakMap<DeviceState, DeviceState>();

  constructor(readonly fault: Fault) {
    super();
    this.capabilities = { training: true, deterministic: fault.deterministic ?? true, compiled: false };
  }

  async upload(initial: Tree<HostTensor>): Promise<DeviceState> {
    const inner = await this.#inner.upload(initial);
    const state: DeviceState = {
      read: (names) => inner.read(names),
      write: (entries) => inner.write(entries),
      dispose: () => inner.dispose(),
      ...this.fault.state?.(inner, initial),
    };
    this.#correct.set(state, inner);
    return state;
  }

  async compile(step: Step, spec: StepSpec, options?: CompileOptions): Promise<CompiledStep> {
    const real = await this.#inner.compile(step, spec, options);
    const hold = (state: DeviceState): DeviceState => this.#correct.get(state) ?? state;
    const inner: CompiledStep = {
      run: (state, inputs) => real.run(hold(state), inputs),
      metrics: () => real.metrics(),
      dispose: () => real.dispose(),
    };
    return { ...inner, ...this.fault.step?.(inner, hold, spec) };
  }

  async compileFunction(
    f: TensorFunction,
    spec: FunctionSpec,
    constants?: Tree<HostTensor>,
    options?: CompileOptions,
  ): Promise<CompiledFunction> {
    const { unstoppable, compiled } = this.fault;
    const inner = await this.#inner.compileFunction(f, spec, constants, unstoppable ? {} : options);
    const correct = { run: (inputs: Tree<HostTensor>) => inner.run(inputs), dispose: () => inner.dispose() };
    return { ...correct, ...compiled?.(correct, spec) };
  }

  async dispose(): Promise<void> {
    await (this.fault.dispose ?? (() => this.#inner.dispose()))();
  }
}

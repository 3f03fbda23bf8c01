import type { ElementType } from '@anc/compiler';
import type * as Ort from 'onnxruntime-common';
import type {
  EngineCalls,
  EngineInfo,
  EngineOptions,
  GraphTraits,
  HeldOutput,
  SectionPlan,
  StepPlan,
  SerializedTensor,
  SerializedTensors,
} from './protocol.js';
import { createSession } from './create-session.js';
import { loadRuntime, type Runtime } from './runtime.js';

type Answers = {
  [K in keyof EngineCalls]: (...args: Parameters<EngineCalls[K]>) => Promise<ReturnType<EngineCalls[K]>>;
};

/** Sessions, states and metrics: everything that lives with ONNX Runtime on the worker's thread. */
export class Engine implements Answers {
  #runtime: Runtime | null = null;
  readonly #sessions = new Map<number, Ort.InferenceSession>();
  readonly #states = new Map<number, Map<string, Ort.Tensor>>();
  /** Rows of metrics, one per step since the last readback, by the number of their accumulator. */
  readonly #accumulators = new Map<number, Float32Array[]>();

  /** Memory of what sections hold, by the number of the step's buffers and that of the buffer. */
  readonly #buffers = new Map<number, Map<number, Ort.Tensor['data']>>();
  /** What sections of a step that has begun leave for later ones, by the number of its accumulator. */
  readonly #between = new Map<number, Map<string, Ort.Tensor>>();

  async open(options: EngineOptions): Promise<EngineInfo> {
    this.#runtime = await loadRuntime(options);
    return this.#runtime.info;
  }

  async createSession(session: number, model: Uint8Array, traits: GraphTraits): Promise<boolean> {
    const { created, fellBack } = await createSession(this.#opened(), model, traits);
    this.#sessions.set(session, created);
    return fellBack;
  }

  async releaseSession(session: number): Promise<void> {
    const held = this.#sessions.get(session);
    this.#sessions.delete(session);
    this.#buffers.delete(session);
    await held?.release();
  }

  createState(state: number, entries: SerializedTensors): Promise<void> {
    const tensors = Object.entries(entries).map(([name, tensor]) => [name, this.#tensor(tensor)] as const);
    this.#states.set(state, new Map(tensors));
    return Promise.resolve();
  }

  readState(state: number, names: readonly string[] | null): Promise<SerializedTensors> {
    const held = this.#state(state);
    const pairs = (names ?? [...held.keys()]).map((name) => {
      const { type, dims, data } = this.#entry(held, name);
      const copy = (data as SerializedTensor['data']).slice();
      return [name, { type: type as SerializedTensor['type'], shape: dims, data: copy }] as const;
    });
    return Promise.resolve(Object.fromEntries(pairs));
  }

  writeState(state: number, entries: SerializedTensors): Promise<void> {
    const held = this.#state(state);
    for (const name of Object.keys(entries)) this.#entry(held, name);
    for (const [name, tensor] of Object.entries(entries)) held.set(name, this.#tensor(tensor));
    return Promise.resolve();
  }

  releaseState(state: number): Promise<void> {
    this.#states.delete(state);
    return Promise.resolve();
  }

  async runSteps(
    session: number,
    state: number,
    accumulator: number,
    plan: StepPlan,
    tensors: SerializedTensors,
    steps: number,
  ): Promise<number> {
    const began = performance.now();
    const { ort } = this.#opened();
    const held = this.#state(state);
    const feeds = this.#feeds(tensors);
    if (plan.steps !== null) feeds[plan.steps] = new ort.Tensor('int64', BigInt64Array.of(BigInt(steps)), []);
    for (const name of plan.stateInputs) feeds[`state/${name}`] = this.#entry(held, name);
    const results = await this.#session(session).run(feeds);
    for (const name of plan.changed) held.set(name, results[`next/${name}`]!);
    if (plan.metrics > 0) this.#accumulate(accumulator, results['metrics']!.data as Float32Array);
    return performance.now() - began;
  }

  async runSection(
    state: number,
    accumulator: number,
    section: SectionPlan,
    tensors: SerializedTensors,
  ): Promise<SerializedTensors> {
    const held = this.#state(state);
    if (section.isFirst) this.#between.set(accumulator, new Map()); // what a step that failed left is dropped
    const between = this.#between.get(accumulator)!;
    const feeds: Record<string, Ort.Tensor> = {};
    for (const [name, tensor] of Object.entries(this.#feeds(tensors))) {
      if (name.startsWith('held/')) between.set(name, tensor);
      else feeds[name] = tensor;
    }
    for (const name of section.reads) feeds[name] = between.get(name)!;
    for (const name of section.stateInputs) feeds[`state/${name}`] = this.#entry(held, name);
    const session = this.#session(section.session);
    const fetches: Record<string, Ort.Tensor | null> = Object.fromEntries(
      session.outputNames.map((name) => [name, null]),
    );
    if (this.#writesToBuffers())
      for (const output of section.holds) fetches[output.name] = this.#buffer(section.buffers, output);
    const results = await session.run(feeds, fetches);
    for (const { name } of section.holds) between.set(name, results[name]!);
    for (const name of section.changed) between.set(`next/${name}`, results[`next/${name}`]!);
    if (section.metrics) between.set('metrics', results['metrics']!);
    for (const name of section.drops) between.delete(name);
    if (section.isLast) {
      const metrics = between.get('metrics');
      if (metrics !== undefined) this.#accumulate(accumulator, metrics.data as Float32Array);
      for (const [name, tensor] of between)
        if (name.startsWith('next/')) held.set(name.slice('next/'.length), tensor);
      this.#between.delete(accumulator);
    }
    const sent = section.sends.map(({ output }) => {
      const { dims, data } = results[output]!;
      return [output, { type: 'float32', shape: dims, data: (data as Float32Array).slice() }] as const;
    });
    return Object.fromEntries(sent);
  }

  readMetrics(accumulator: number): Promise<Float32Array> {
    const held = this.#accumulators.get(accumulator) ?? [];
    this.#accumulators.delete(accumulator);
    const rows = new Float32Array(held.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const values of held) {
      rows.set(values, at);
      at += values.length;
    }
    return Promise.resolve(rows);
  }

  async runFunction(session: number, tensors: SerializedTensors): Promise<SerializedTensors> {
    const results = await this.#session(session).run(this.#feeds(tensors));
    const pairs = Object.entries(results).map(([name, value]) => {
      const { data, dims, type } = value;
      return [
        name,
        { type: type as SerializedTensor['type'], shape: dims, data: data as SerializedTensor['data'] },
      ] as const;
    });
    return Object.fromEntries(pairs);
  }

  #opened(): Runtime {
    if (this.#runtime === null) throw new Error('the engine is not open');
    return this.#runtime;
  }

  #session(id: number): Ort.InferenceSession {
    const session = this.#sessions.get(id);
    if (session === undefined) throw new Error('this compiled step or function was disposed');
    return session;
  }

  #state(id: number): Map<string, Ort.Tensor> {
    const state = this.#states.get(id);
    if (state === undefined) throw new Error('this state was disposed');
    return state;
  }

  #entry(state: ReadonlyMap<string, Ort.Tensor>, name: string): Ort.Tensor {
    const tensor = state.get(name);
    if (tensor === undefined) throw new Error(`the state has no entry "${name}"`);
    return tensor;
  }

  #feeds(tensors: SerializedTensors): Record<string, Ort.Tensor> {
    return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, this.#tensor(tensor)]));
  }

  #tensor({ type, data, shape }: SerializedTensor): Ort.Tensor {
    const { ort } = this.#opened();
    return new ort.Tensor(type as 'float32', data as Float32Array, [...shape]);
  }

  /** Whether sessions write outputs to given memory: onnxruntime-web returns it as it was. */
  #writesToBuffers(): boolean {
    const { runtime, executionProviders } = this.#opened().info;
    return runtime === 'onnxruntime-node' && executionProviders.join() === 'cpu';
  }

  /** A tensor in the memory that an output shares with others; it is made when it is first needed. */
  #buffer(buffers: number, { type, shape, buffer }: HeldOutput): Ort.Tensor {
    const { ort } = this.#opened();
    const held = this.#buffers.get(buffers) ?? new Map<number, Ort.Tensor['data']>();
    this.#buffers.set(buffers, held);
    const data = held.get(buffer) ?? emptyData(type, shape);
    held.set(buffer, data);
    return new ort.Tensor(type as 'float32', data as Float32Array, [...shape]);
  }

  /** values: one row of metrics per step. */
  #accumulate(accumulator: number, values: Float32Array): void {
    const held = this.#accumulators.get(accumulator) ?? [];
    this.#accumulators.set(accumulator, held);
    held.push(values.slice()); // the runtime owns the array
  }
}

function emptyData(type: ElementType, shape: readonly number[]): Ort.Tensor['data'] {
  const size = shape.reduce((product, n) => product * n, 1);
  switch (type) {
    case 'float32':
      return new Float32Array(size);
    case 'int32':
      return new Int32Array(size);
    case 'int64':
      return new BigInt64Array(size);
    default:
      return new Uint8Array(size);
  }
}

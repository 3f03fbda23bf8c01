import type { Answers } from '@anc/core/worker';
import type * as Ort from 'onnxruntime-common';
import type {
  EngineCalls,
  EngineInfo,
  EngineOptions,
  GraphTraits,
  SectionPlan,
  StepPlan,
  SerializedTensor,
  SerializedTensors,
} from './protocol.js';
import { createSession } from './create-session.js';
import { loadRuntime, type Runtime } from './runtime.js';
import { SectionMemory } from './section-memory.js';
import { sectionSession, type SectionSession } from './section-session.js';

/** Sessions, states and metrics: everything that lives with ONNX Runtime on the worker's thread. */
export class Engine implements Answers<EngineCalls> {
  #runtime: Runtime | null = null;
  readonly #sessions = new Map<number, Ort.InferenceSession>();
  readonly #sections = new Map<number, SectionSession>();
  readonly #states = new Map<number, Map<string, Ort.Tensor>>();
  /** Rows of metrics, one per step since the last readback, by the number of their accumulator. */
  readonly #accumulators = new Map<number, Float32Array[]>();
  /** Memory of the steps that run in sections, by the number of their accumulator. */
  readonly #memories = new Map<number, SectionMemory>();

  async open(options: EngineOptions): Promise<EngineInfo> {
    this.#runtime = await loadRuntime(options);
    return this.#runtime.info;
  }

  async createSession(session: number, model: Uint8Array, traits: GraphTraits): Promise<boolean> {
    if (traits.isSection === true) {
      const { created, fellBack } = await sectionSession(this.#opened(), model, traits);
      this.#sections.set(session, created);
      return fellBack;
    }
    const { created, fellBack } = await createSession(this.#opened(), model, traits);
    this.#sessions.set(session, created);
    return fellBack;
  }

  async releaseSession(session: number): Promise<void> {
    const held = this.#sessions.get(session) ?? this.#sections.get(session);
    this.#sessions.delete(session);
    this.#sections.delete(session);
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
    received: Float32Array | null,
  ): Promise<Float32Array> {
    const held = this.#state(state);
    const memory = this.#memories.get(accumulator) ?? new SectionMemory(this.#opened().ort);
    this.#memories.set(accumulator, memory);
    if (section.isFirst) memory.begin();
    const { between } = memory;
    for (const [name, tensor] of memory.views(section.receives, received)) between.set(name, tensor);
    const feeds = this.#feeds(tensors);
    for (const name of section.reads) feeds[name] = between.get(name)!;
    for (const name of section.stateInputs) feeds[`state/${name}`] = this.#entry(held, name);
    const { sent, fetches } = memory.outputsOf(section, held);
    await this.#section(section.session).run(feeds, fetches);
    for (const { name } of section.holds) between.set(name, fetches[name]!);
    for (const name of section.changed) between.set(`next/${name}`, fetches[`next/${name}`]!);
    if (section.metrics > 0) between.set('metrics', fetches.metrics!);
    for (const name of section.drops) between.delete(name);
    if (section.isLast) {
      const metrics = between.get('metrics');
      if (metrics !== undefined) this.#accumulate(accumulator, metrics.data as Float32Array);
      memory.finish(held);
    }
    return sent;
  }

  releaseStep(accumulator: number): Promise<void> {
    this.#accumulators.delete(accumulator);
    this.#memories.delete(accumulator);
    return Promise.resolve();
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

  #section(id: number): SectionSession {
    const session = this.#sections.get(id);
    if (session === undefined) throw new Error('this compiled step was disposed');
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

  /** values: one row of metrics per step. */
  #accumulate(accumulator: number, values: Float32Array): void {
    const held = this.#accumulators.get(accumulator) ?? [];
    this.#accumulators.set(accumulator, held);
    held.push(values.slice()); // the runtime owns the array
  }
}

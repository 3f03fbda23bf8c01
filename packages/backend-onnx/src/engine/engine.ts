import type * as Ort from 'onnxruntime-common';
import { bytesOf } from '../graph/value.js';
import type { EngineCalls, EngineInfo, EngineOptions, StepPlan, Wire, Wires } from './protocol.js';
import { createSession } from './create-session.js';
import { loadRuntime, type Runtime } from './runtime.js';

type Answers = {
  [K in keyof EngineCalls]: (...args: Parameters<EngineCalls[K]>) => Promise<ReturnType<EngineCalls[K]>>;
};

/** A state entry and the buffer that the next step writes: they change places after every run. */
interface Slot {
  current: Ort.Tensor;
  spare: Ort.Tensor | null;
}

interface Account {
  sums: Float64Array;
  count: number;
}

/** Sessions, states and metrics: everything that lives beside ONNX Runtime, on the worker's thread. */
export class Engine implements Answers {
  #runtime: Runtime | null = null;
  readonly #sessions = new Map<number, Ort.InferenceSession>();
  readonly #states = new Map<number, Map<string, Slot>>();
  readonly #accounts = new Map<number, Account>();

  async open(options: EngineOptions): Promise<EngineInfo> {
    this.#runtime = await loadRuntime(options);
    return this.#runtime.info;
  }

  async createSession(session: number, model: Uint8Array, forProcessor: readonly string[]): Promise<boolean> {
    const { created, fellBack } = await createSession(this.#opened(), model, forProcessor);
    this.#sessions.set(session, created);
    return fellBack;
  }

  async releaseSession(session: number): Promise<void> {
    const held = this.#sessions.get(session);
    this.#sessions.delete(session);
    await held?.release();
  }

  createState(state: number, entries: Wires): Promise<void> {
    const slots = Object.entries(entries).map(
      ([name, wire]) => [name, { current: this.#tensor(wire), spare: null }] as const,
    );
    this.#states.set(state, new Map(slots));
    return Promise.resolve();
  }

  readState(state: number, names: readonly string[] | null): Promise<Wires> {
    const slots = this.#state(state);
    const wanted = names ?? [...slots.keys()];
    const pairs = wanted.map((name) => {
      const { current } = this.#slot(slots, name);
      const data = (current.data as Wire['data']).slice();
      return [name, { type: current.type as Wire['type'], shape: current.dims, data }] as const;
    });
    return Promise.resolve(Object.fromEntries(pairs));
  }

  writeState(state: number, entries: Wires): Promise<void> {
    const slots = this.#state(state);
    for (const [name, wire] of Object.entries(entries)) this.#slot(slots, name).current = this.#tensor(wire);
    return Promise.resolve();
  }

  releaseState(state: number): Promise<void> {
    this.#states.delete(state);
    return Promise.resolve();
  }

  async runStep(
    session: number,
    state: number,
    account: number,
    plan: StepPlan,
    wires: Wires,
  ): Promise<void> {
    const slots = this.#state(state);
    const native = this.#opened().info.runtime === 'onnxruntime-node';
    const feeds = this.#feeds(wires);
    for (const name of plan.stateInputs) feeds[`state/${name}`] = this.#slot(slots, name).current;
    const fetches: Record<string, Ort.Tensor | null> = plan.metrics > 0 ? { metrics: null } : {};
    for (const name of plan.changed) {
      const slot = this.#slot(slots, name);
      // WebAssembly has a memory of its own and writes to no buffer of ours.
      if (native) slot.spare ??= this.#like(slot.current);
      fetches[`next/${name}`] = native ? slot.spare : null;
    }
    const results = await this.#session(session).run(feeds, fetches);
    for (const name of plan.changed) {
      const slot = this.#slot(slots, name);
      [slot.current, slot.spare] = [results[`next/${name}`]!, slot.current];
    }
    if (plan.metrics > 0) this.#add(account, results['metrics']!.data as Float32Array);
  }

  readMetrics(account: number): Promise<{ sums: Float64Array; count: number }> {
    const held = this.#accounts.get(account) ?? { sums: new Float64Array(0), count: 0 };
    this.#accounts.delete(account);
    return Promise.resolve(held);
  }

  async runFunction(session: number, wires: Wires): Promise<Wires> {
    const results = await this.#session(session).run(this.#feeds(wires));
    const pairs = Object.entries(results).map(([name, value]) => {
      const { data, dims, type } = value;
      return [name, { type: type as Wire['type'], shape: dims, data: data as Wire['data'] }] as const;
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

  #state(id: number): Map<string, Slot> {
    const state = this.#states.get(id);
    if (state === undefined) throw new Error('this state was disposed');
    return state;
  }

  #slot(slots: ReadonlyMap<string, Slot>, name: string): Slot {
    const slot = slots.get(name);
    if (slot === undefined) throw new Error(`the state has no entry "${name}"`);
    return slot;
  }

  #feeds(wires: Wires): Record<string, Ort.Tensor> {
    return Object.fromEntries(Object.entries(wires).map(([name, wire]) => [name, this.#tensor(wire)]));
  }

  #tensor({ type, data, shape }: Wire): Ort.Tensor {
    const { ort } = this.#opened();
    return new ort.Tensor(type as 'float32', data as Float32Array, [...shape]);
  }

  /** A buffer for a tensor of the same kind. */
  #like({ type, dims, size }: Ort.Tensor): Ort.Tensor {
    const bytes = new ArrayBuffer(size * bytesOf[type as Wire['type']]);
    const data =
      type === 'int32'
        ? new Int32Array(bytes)
        : type === 'uint8'
          ? new Uint8Array(bytes)
          : new Float32Array(bytes);
    return this.#tensor({ type: type as Wire['type'], data, shape: dims });
  }

  #add(account: number, values: Float32Array): void {
    const held = this.#accounts.get(account) ?? { sums: new Float64Array(values.length), count: 0 };
    this.#accounts.set(account, held);
    values.forEach((value, i) => (held.sums[i]! += value));
    held.count++;
  }
}

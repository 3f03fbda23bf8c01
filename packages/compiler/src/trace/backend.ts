import { AncError, sizeOf } from '@anc/core';
import { currentPart, valueRead } from '@anc/core/internal';
import * as tf from '@tensorflow/tfjs-core';
import type { ElementArray } from '../graph/value.js';
import type { TracedTensor, TracedType } from '../lower/traced-tensor.js';
import type { Tracer } from '../lower/tracer.js';

export const TRACE_BACKEND = 'anc-onnx-trace';

/** A tensor's entry: a place in the graph, or host values, which become a constant when first used. */
interface Entry {
  readonly tracer: Tracer | null;
  readonly traced: TracedTensor | null;
  readonly host: { values: tf.backend_util.TypedArray; shape: readonly number[]; dtype: TracedType } | null;
}

/** A tfjs backend whose tensors are places in a graph. Nothing is computed and no value can be read. */
export class TraceBackend extends tf.KernelBackend {
  readonly #data = new tf.DataStorage<Entry>(this, tf.engine());
  tracer: Tracer | null = null;
  /** That the trace in progress asked for a promise of a value. */
  readAhead: AncError | null = null;

  /** The tracer of the trace in progress. */
  current(): Tracer {
    if (this.tracer === null) {
      throw new AncError('ANC_COMPILE_READ', 'a tensor of a traced step was used outside its trace.', {
        hint: 'return everything that a step computes; keep no tensors of it.',
      });
    }
    return this.tracer;
  }

  /** The graph's view of a tensor. */
  tracedOf(dataId: object, shape: readonly number[], dtype: string): TracedTensor {
    const tracer = this.current();
    const entry = this.#data.get(dataId);
    if (entry.traced !== null) {
      if (entry.tracer !== tracer) {
        throw new AncError(
          'ANC_COMPILE_IMPURE',
          `${currentPart() ?? 'a step'} uses a tensor that was made in another trace.`,
          {
            hint: 'a step may use its arguments and constants only; keep no tensors between calls.',
          },
        );
      }
      // tfjs makes views (Identity, Reshape by reference) of one dataId: the shape is the view's.
      return tracer.reshape(entry.traced, shape);
    }
    return constantOf(tracer, entry.host!.values, shape, dtype as TracedType);
  }

  /** A tfjs tensor description for a traced tensor. */
  info(traced: TracedTensor): tf.TensorInfo {
    const dataId = {};
    this.#data.set(dataId, { tracer: this.current(), traced, host: null });
    return { dataId, shape: [...traced.shape], dtype: traced.dtype };
  }

  override write(values: tf.BackendValues, shape: number[], dtype: tf.DataType): tf.DataId {
    const dataId = {};
    this.move(dataId, values, shape, dtype);
    return dataId;
  }

  override move(dataId: object, values: tf.BackendValues, shape: number[], dtype: tf.DataType): void {
    if (dtype === 'string' || dtype === 'complex64') {
      throw new AncError('ANC_COMPILE_UNSUPPORTED', `tensors of type ${dtype} cannot be compiled.`, {
        expected: 'float32, int32 or bool',
        received: dtype,
      });
    }
    const host = { values: values as tf.backend_util.TypedArray, shape, dtype: dtype };
    this.#data.set(dataId, { tracer: null, traced: null, host });
  }

  /** Host values can be read back; anything computed has no value yet. */
  override readSync(dataId: object): tf.BackendValues {
    const host = this.#data.get(dataId).host;
    if (host !== null) return host.values;
    throw valueRead();
  }

  /** What was promised of a computed value never comes: the trace ends with an error, which nobody has to wait for. */
  override read(dataId: object): Promise<tf.BackendValues> {
    const host = this.#data.get(dataId).host;
    if (host !== null) return Promise.resolve(host.values);
    this.readAhead ??= valueRead();
    return new Promise(() => {});
  }

  override disposeData(dataId: object): boolean {
    if (this.#data.has(dataId)) this.#data.delete(dataId);
    return true;
  }

  override refCount(): number {
    return 1;
  }

  override incRef(): void {
    // One entry per tensor: nothing is shared.
  }

  override numDataIds(): number {
    return this.#data.numDataIds();
  }

  override memory(): { unreliable: boolean } {
    return { unreliable: true };
  }

  override floatPrecision(): 16 | 32 {
    return 32;
  }

  override dispose(): void {
    // Entries are held weakly.
  }
}

/** Host values as a constant; one repeated number is stored once. */
export function constantOf(
  tracer: Tracer,
  values: tf.backend_util.TypedArray,
  shape: readonly number[],
  dtype: TracedType,
): TracedTensor {
  const first = values[0] ?? 0;
  if (values.every((value) => Object.is(value, first))) return tracer.uniform(first, shape, dtype);
  const data: ElementArray =
    dtype === 'float32'
      ? values instanceof Float32Array
        ? values
        : Float32Array.from(values)
      : dtype === 'int32'
        ? Int32Array.from(values)
        : Uint8Array.from(values);
  if (data.length !== sizeOf(shape)) throw new Error('a constant has another size than its shape');
  return tracer.tensor(tracer.graph.constant(dtype, shape, data), shape, dtype);
}

let registered: TraceBackend | null = null;

/** The trace backend of this process, registered with tfjs on first use, with a priority at which tfjs never chooses it. */
export function traceBackend(): TraceBackend {
  if (registered === null) {
    const known = tf.findBackend(TRACE_BACKEND);
    registered = known instanceof TraceBackend ? known : new TraceBackend();
    if (known !== registered) tf.registerBackend(TRACE_BACKEND, () => registered!, -1000);
  }
  return registered;
}

/** Runs `f` with the trace backend active, and restores the backend that was active before. */
export function withTraceBackend<T>(tracer: Tracer, f: (backend: TraceBackend) => T): T {
  const backend = traceBackend();
  const engine = tf.engine() as unknown as {
    backendName: string | null | undefined;
    backendInstance: tf.KernelBackend | null;
  };
  const before = { name: engine.backendName, instance: engine.backendInstance };
  // setBackend completes synchronously for a backend whose factory is synchronous.
  void tf.setBackend(TRACE_BACKEND);
  const outer = { tracer: backend.tracer, readAhead: backend.readAhead };
  Object.assign(backend, { tracer, readAhead: null });
  try {
    let result: T | undefined;
    // Return nothing through tidy: it would search the whole graph for tensors.
    tf.tidy(() => {
      result = f(backend);
    });
    const { readAhead } = backend as { readAhead: AncError | null };
    if (readAhead !== null) throw readAhead;
    return result as T;
  } finally {
    Object.assign(backend, outer);
    if (before.name === null || before.name === undefined) {
      engine.backendName = null;
      engine.backendInstance = null;
    } else {
      void tf.setBackend(before.name);
    }
  }
}

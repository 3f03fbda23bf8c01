import * as tf from '@tensorflow/tfjs-core';
import { AncError } from '@anc/core';
import { kernels, multipleKernels } from './kernels.js';
import { constant, type Constant, type Recorded } from './node.js';

const BACKEND = 'anc-graph-recorder';

/**
 * A tfjs backend that does not compute: its kernels record their TensorFlow operation, its inputs and the output shape.
 * tfjs's kernels correspond to these operations, so a network's calls can be written as they are.
 */
class Recorder extends tf.KernelBackend {
  readonly #tensors = new tf.DataStorage<Recorded>(this, tf.engine());

  recorded({ dataId }: tf.TensorInfo): Recorded {
    return this.#tensors.get(dataId);
  }

  info(recorded: Recorded): tf.TensorInfo {
    const dataId = {};
    this.#tensors.set(dataId, recorded);
    return { dataId, shape: [...recorded.shape], dtype: recorded.dtype };
  }

  tensor(recorded: Recorded): tf.Tensor {
    return tf.engine().makeTensorFromTensorInfo(this.info(recorded));
  }

  override write(values: tf.BackendValues, shape: number[], dtype: tf.DataType): tf.DataId {
    const dataId = {};
    this.move(dataId, values, shape, dtype);
    return dataId;
  }

  override move(dataId: object, values: tf.BackendValues, shape: number[], dtype: tf.DataType): void {
    this.#tensors.set(dataId, constant(values as Constant['values'], shape, dtype));
  }

  override readSync(dataId: object): tf.BackendValues {
    const { source } = this.#tensors.get(dataId);
    if (source.kind === 'constant') return source.values;
    throw new AncError('ANC_EXPORT', 'a network that is exported as a graph reads the value of a tensor.', {
      expected: 'a function of tensors that never reads values (dataSync, data, array, print, if on a value)',
    });
  }

  override read(dataId: object): Promise<tf.BackendValues> {
    return Promise.resolve(this.readSync(dataId));
  }

  override disposeData(dataId: object): boolean {
    if (this.#tensors.has(dataId)) this.#tensors.delete(dataId);
    return true;
  }

  override refCount(): number {
    return 1;
  }

  override incRef(): void {}

  override numDataIds(): number {
    return this.#tensors.numDataIds();
  }

  override memory(): { unreliable: boolean } {
    return { unreliable: true };
  }

  override floatPrecision(): 16 | 32 {
    return 32;
  }

  override dispose(): void {}
}

let recorder: Recorder | null = null;

/** The only recorder of this process. It is registered on first use, and tfjs never selects it by itself. */
function theRecorder(): Recorder {
  if (recorder !== null) return recorder;
  const made = new Recorder();
  tf.registerBackend(BACKEND, () => made, -1000);
  for (const [name, value] of Object.entries(tf) as [string, unknown][]) {
    if (name !== value) continue; // tfjs exports the names of its kernels as constants of that name
    tf.registerKernel({
      kernelName: name,
      backendName: BACKEND,
      kernelFunc: ({ inputs, attrs }) => {
        const given = Object.entries(inputs as Readonly<Record<string, tf.TensorInfo | null | undefined>>);
        const of = Object.fromEntries(
          given.flatMap(([key, info]) => (info ? [[key, made.recorded(info)] as const] : [])),
        );
        const several = multipleKernels[name]?.(of, attrs ?? {});
        if (several !== undefined) return several.map((each) => made.info(each));
        const kernel = kernels[name];
        if (kernel === undefined) throw unknown(name);
        return made.info(kernel(of, attrs ?? {}));
      },
    });
  }
  recorder = made;
  return made;
}

const unknown = (name: string): AncError =>
  new AncError('ANC_EXPORT', `the operation ${name} cannot be exported as a TensorFlow graph.`, {
    expected: `one of ${Object.keys(kernels).sort().join(', ')}`,
    received: name,
    hint: 'export the network as ONNX or safetensors, or build it from these operations.',
  });

/**
 * Records the operations of `f` without computing anything. Afterwards tfjs's former backend is active again.
 * @throws `ANC_EXPORT` if something cannot be recorded
 */
export function record<N extends string>(
  inputs: Readonly<Record<string, Recorded>>,
  f: (tensors: Readonly<Record<string, tf.Tensor>>) => Readonly<Record<N, tf.Tensor>>,
): Record<N, Recorded> {
  const recorder = theRecorder();
  const engine = tf.engine() as unknown as { backendName: unknown; backendInstance: unknown };
  const before = { name: engine.backendName, instance: engine.backendInstance };
  void tf.setBackend(BACKEND); // finishes synchronously: the backend is created without waiting
  try {
    const found: [string, Recorded][] = [];
    tf.tidy(() => {
      const tensors = Object.entries(inputs).map(([name, each]) => [name, recorder.tensor(each)] as const);
      for (const [name, tensor] of Object.entries<tf.Tensor>(f(Object.fromEntries(tensors)))) {
        found.push([name, recorder.recorded(tensor)]);
      }
    });
    return Object.fromEntries(found) as Record<N, Recorded>;
  } finally {
    engine.backendName = before.name;
    engine.backendInstance = before.instance;
  }
}

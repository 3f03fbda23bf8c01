import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import type { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';

type Heap = Pick<BackendWasm, 'makeOutput' | 'readSync' | 'typedArrayFromHeap'>;
type Plain = Pick<MathBackendCPU, 'disposeData' | 'makeTensorInfo' | 'readSync'>;
type Lent = tf.TensorInfo | readonly tf.TensorInfo[] | undefined;

/**
 * Lends every kernel that WebAssembly lacks and plain JavaScript has: slow, but right, and no network fails
 * for one rare operation.
 */
export function borrowKernels(): void {
  const own = new Set(tf.getKernelsForBackend('wasm').map(({ kernelName }) => kernelName));
  const missing = tf.getKernelsForBackend('cpu').filter(({ kernelName }) => !own.has(kernelName));
  for (const { kernelName, kernelFunc } of missing) {
    tf.registerKernel({
      kernelName,
      backendName: 'wasm',
      kernelFunc: ({ inputs, backend, attrs }) =>
        borrowed(backend as Heap, inputs, (given, cpu) => kernelFunc({ inputs: given, backend: cpu, attrs })),
    });
  }
}

/** Copies inputs from the heap to plain JavaScript, runs the kernel there, and copies its results back. */
function borrowed(
  wasm: Heap,
  inputs: tf.NamedTensorInfoMap,
  run: (inputs: tf.NamedTensorInfoMap, cpu: Plain) => tf.TensorInfo | tf.TensorInfo[],
): tf.TensorInfo | tf.TensorInfo[] {
  const cpu = tf.findBackend('cpu') as unknown as Plain;
  const copies: tf.TensorInfo[] = [];
  const lend = ({ dataId, shape, dtype }: tf.TensorInfo): tf.TensorInfo => {
    const copy = cpu.makeTensorInfo([...shape], dtype, wasm.readSync(dataId));
    copies.push(copy);
    return copy;
  };
  const lent: Record<string, Lent> = {};
  for (const [name, given] of Object.entries(inputs as Readonly<Record<string, Lent>>)) {
    if (given === undefined) continue;
    lent[name] = 'dataId' in given ? lend(given) : given.map(lend);
  }
  const results = run(lent as unknown as tf.NamedTensorInfoMap, cpu);
  const take = (result: tf.TensorInfo): tf.TensorInfo => {
    const output = wasm.makeOutput(result.shape, result.dtype);
    (wasm.typedArrayFromHeap(output) as Float32Array).set(cpu.readSync(result.dataId) as Float32Array);
    copies.push(result);
    return output;
  };
  const taken = Array.isArray(results) ? results.map(take) : take(results);
  for (const { dataId } of copies) cpu.disposeData(dataId, true);
  return taken;
}

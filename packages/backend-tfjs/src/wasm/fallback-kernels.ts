import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import type { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';

type Heap = Pick<BackendWasm, 'makeOutput' | 'readSync' | 'typedArrayFromHeap'>;
type Plain = Pick<MathBackendCPU, 'disposeData' | 'makeTensorInfo' | 'readSync'>;
type Operand = tf.TensorInfo | readonly tf.TensorInfo[] | undefined;

/**
 * Registers every kernel that WebAssembly lacks and plain JavaScript has: slow, but correct, so that no network fails on
 * one rare operation.
 */
export function registerFallbackKernels(): void {
  const own = new Set(tf.getKernelsForBackend('wasm').map(({ kernelName }) => kernelName));
  const missing = tf.getKernelsForBackend('cpu').filter(({ kernelName }) => !own.has(kernelName));
  for (const { kernelName, kernelFunc } of missing) {
    tf.registerKernel({
      kernelName,
      backendName: 'wasm',
      kernelFunc: ({ inputs, backend, attrs }) =>
        runOnCpu(backend as Heap, inputs, (copies, cpu) =>
          kernelFunc({ inputs: copies, backend: cpu, attrs }),
        ),
    });
  }
}

/** Copies inputs from the heap to plain JavaScript, runs the kernel there, and copies its results back. */
function runOnCpu(
  wasm: Heap,
  inputs: tf.NamedTensorInfoMap,
  run: (inputs: tf.NamedTensorInfoMap, cpu: Plain) => tf.TensorInfo | tf.TensorInfo[],
): tf.TensorInfo | tf.TensorInfo[] {
  const cpu = tf.findBackend('cpu') as unknown as Plain;
  const temporary: tf.TensorInfo[] = [];
  const toCpu = ({ dataId, shape, dtype }: tf.TensorInfo): tf.TensorInfo => {
    const copy = cpu.makeTensorInfo([...shape], dtype, wasm.readSync(dataId));
    temporary.push(copy);
    return copy;
  };
  const copies: Record<string, Operand> = {};
  for (const [name, operand] of Object.entries(inputs as Readonly<Record<string, Operand>>)) {
    if (operand === undefined) continue;
    copies[name] = 'dataId' in operand ? toCpu(operand) : operand.map(toCpu);
  }
  const results = run(copies as unknown as tf.NamedTensorInfoMap, cpu);
  const toWasm = (result: tf.TensorInfo): tf.TensorInfo => {
    const output = wasm.makeOutput(result.shape, result.dtype);
    (wasm.typedArrayFromHeap(output) as Float32Array).set(cpu.readSync(result.dataId) as Float32Array);
    temporary.push(result);
    return output;
  };
  const outputs = Array.isArray(results) ? results.map(toWasm) : toWasm(results);
  for (const { dataId } of temporary) cpu.disposeData(dataId, true);
  return outputs;
}

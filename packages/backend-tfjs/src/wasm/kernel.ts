import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';

/** Arguments of a kernel. */
export interface Call<Attrs> {
  readonly backend: BackendWasm;
  readonly inputs: Readonly<Record<string, tf.TensorInfo>>;
  readonly attrs: Attrs;
}

/** A view of a tensor's elements on the heap. Any allocation may move the heap: take views after the last one. */
export const view = (backend: BackendWasm, tensor: tf.TensorInfo): Float32Array =>
  backend.typedArrayFromHeap(tensor) as Float32Array;

/** Registers a kernel, replacing the backend's own if there is one. */
export function registerWasmKernel<Attrs>(
  kernelName: string,
  compute: (call: Call<Attrs>) => tf.TensorInfo,
): void {
  const own = tf.getKernelsForBackend('wasm').some((kernel) => kernel.kernelName === kernelName);
  if (own) tf.unregisterKernel(kernelName, 'wasm');
  tf.registerKernel({
    kernelName,
    backendName: 'wasm',
    kernelFunc: (call) => compute(call as unknown as Call<Attrs>),
  });
}

/** Runs one of the backend's own kernels inside another; the caller disposes the result. */
export function runWasmKernel(
  kernelName: string,
  backend: BackendWasm,
  inputs: Readonly<Record<string, tf.TensorInfo>>,
  attrs: Readonly<Record<string, unknown>>,
): tf.TensorInfo {
  const kernel = tf.getKernel(kernelName, 'wasm');
  return kernel.kernelFunc({ inputs, backend, attrs: attrs as tf.NamedAttrMap }) as tf.TensorInfo;
}

import { EagerBackend, mainMemory, processorName, type Tree } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { WasmOptions } from './options.js';
import { assertBinaries, wasmNotStarted } from './wasm/binaries.js';
import { registerTrainingKernels } from './wasm/register.js';

/** Bytes that WebAssembly can address, however much memory the machine has. */
const ADDRESSABLE = 2 ** 32;

/**
 * WebAssembly with SIMD, in Node (one thread) and in browsers. Trains, with the kernels that this package adds.
 *
 * @param environment entries to add to the backend's own
 * @throws `ANC_BACKEND_BROKEN` if its binaries are not found or do not start
 */
export async function openWasm(
  { path }: WasmOptions = {},
  environment: Tree<string | number> = {},
): Promise<EagerBackend> {
  assertBinaries(path);
  await import('@tensorflow/tfjs-backend-cpu');
  const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
  if (path !== undefined) setWasmPaths(path);
  registerTrainingKernels();
  if (!(await tf.setBackend('wasm'))) throw wasmNotStarted();
  const simd = await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT');
  return new EagerBackend('wasm', {
    environment: {
      device: processorName(),
      memory: Math.min(mainMemory() ?? ADDRESSABLE, ADDRESSABLE),
      simd: String(simd),
      ...environment,
    },
  });
}

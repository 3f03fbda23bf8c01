import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import type { TensorInfo } from '@tensorflow/tfjs-core';

/** A compute shader as tfjs describes it. */
export type Program = Parameters<WebGPUBackend['runWebGPUProgram']>[0];

/** What kernels need of tfjs's backend. */
export type Runner = Pick<WebGPUBackend, 'disposeData' | 'runWebGPUProgram'>;

/** Runs a program whose own uniforms are whole numbers; the result is float32. */
export function runProgram(
  backend: Runner,
  program: Omit<Program, 'uniforms'>,
  inputs: readonly TensorInfo[],
  uniforms: Readonly<Record<string, number>>,
): TensorInfo {
  const names = Object.keys(uniforms);
  return backend.runWebGPUProgram(
    { ...program, uniforms: names.map((name) => `${name} : i32,`).join(' ') },
    [...inputs],
    'float32',
    names.map((name) => ({ type: 'int32', data: [uniforms[name]!] })),
  );
}

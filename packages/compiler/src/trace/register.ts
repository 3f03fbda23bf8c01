import { AncError } from '@anc/core';
import { callSite } from '@anc/core/internal';
import * as tf from '@tensorflow/tfjs-core';
import type { Call, Kernel } from '../lower/kernel.js';
import { kernels } from '../lower/kernels.js';
import type { TracedTensor } from '../lower/traced-tensor.js';
import { TRACE_BACKEND, traceBackend, type TraceBackend } from './backend.js';

const supportedKernels = (): string[] => kernels.map(({ kernel }) => kernel).sort();

function unsupported(name: string, why?: string): AncError {
  return new AncError(
    'ANC_COMPILE_UNSUPPORTED',
    `the operation ${name}${why === undefined ? '' : ` (${why})`} cannot be compiled; called at ${callSite()}.`,
    {
      expected: `one of ${supportedKernels().join(', ')}`,
      received: name,
      hint: 'write it with supported operations, or train on an eager backend.',
    },
  );
}

function callOf(backend: TraceBackend, inputs: tf.NamedTensorInfoMap, attrs: unknown): Call {
  const traced = (info: tf.TensorInfo): TracedTensor => backend.tracedOf(info.dataId, info.shape, info.dtype);
  const optional = (name: string): TracedTensor | null => {
    const info = inputs[name] as tf.TensorInfo | null | undefined;
    return info === null || info === undefined ? null : traced(info);
  };
  return {
    t: backend.current(),
    attrs: (attrs ?? {}) as Record<string, unknown>,
    input: (name) => optional(name)!,
    optional,
    get list() {
      return Object.values(inputs).map((info) => traced(info!));
    },
  };
}

function kernelFunc({ kernel, lower }: Kernel): tf.KernelFunc {
  return ({ inputs, attrs }) => {
    const trace = traceBackend();
    let result;
    try {
      result = lower(callOf(trace, inputs, attrs));
    } catch (error) {
      if (error instanceof RangeError) throw unsupported(kernel, error.message);
      throw error;
    }
    return Array.isArray(result)
      ? result.map((each: TracedTensor) => trace.info(each))
      : trace.info(result as TracedTensor);
  };
}

let done = false;

/** Registers the trace backend, its kernels, and a kernel that throws for every other tfjs kernel. */
export function registerKernels(): void {
  if (done) return;
  done = true;
  traceBackend();
  const known = new Set(kernels.map(({ kernel }) => kernel));
  for (const each of kernels) {
    tf.registerKernel({ kernelName: each.kernel, backendName: TRACE_BACKEND, kernelFunc: kernelFunc(each) });
  }
  for (const name of kernelNames()) {
    if (known.has(name)) continue;
    const kernelFunc = (): never => {
      throw unsupported(name);
    };
    tf.registerKernel({ kernelName: name, backendName: TRACE_BACKEND, kernelFunc });
  }
}

/** The names of all kernels of tfjs-core: its exported constants that equal their own name. */
function kernelNames(): string[] {
  const exported = Object.entries(tf) as [string, unknown][];
  return exported
    .filter(([name, value]) => typeof value === 'string' && value === name)
    .map(([name]) => name);
}

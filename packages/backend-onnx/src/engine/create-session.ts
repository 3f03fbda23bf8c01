import type * as Ort from 'onnxruntime-common';
import type { GraphTraits } from './protocol.js';
import type { Runtime } from './runtime.js';

interface Created {
  readonly created: Ort.InferenceSession;
  /** The processor computes parts of the graph though an accelerator was requested. */
  readonly fellBack: boolean;
}

/**
 * Loads a model. An accelerator is first required to take the whole graph, because ONNX Runtime does not report
 * otherwise that it left parts of it to the processor.
 */
export async function createSession(
  { ort, session: options }: Runtime,
  model: Uint8Array,
  { forProcessor = [], isFinal = false, isSection = false }: GraphTraits,
): Promise<Created> {
  const create = (more: Ort.InferenceSession.SessionOptions): Promise<Ort.InferenceSession> =>
    ort.InferenceSession.create(model, {
      ...options,
      ...(isSection && { enableCpuMemArena: false }),
      ...(isFinal && { graphOptimizationLevel: 'disabled' as const }),
      ...more,
    });
  const [first, ...others] = options.executionProviders ?? ['cpu'];
  if (first === 'cpu' || first === 'wasm') return { created: await create({}), fellBack: false };
  if (first !== 'webgpu' || forProcessor.length === 0) {
    const { session } = (options.extra ?? {}) as { session?: object };
    const whole = { ...options.extra, session: { ...session, disable_cpu_ep_fallback: '1' } };
    try {
      // An error that the strict session logs is none: the lenient session follows.
      return { created: await create({ extra: whole, logSeverityLevel: 4 }), fellBack: false };
    } catch {
      return { created: await create({}), fellBack: true };
    }
  }
  const webgpu = { name: 'webgpu', forceCpuNodeNames: forProcessor } as const;
  return { created: await create({ executionProviders: [webgpu, ...others] }), fellBack: true };
}

import type * as Ort from 'onnxruntime-common';
import type { GraphStore } from './graph-store.js';
import type { GraphTraits } from './protocol.js';
import type { Runtime } from './runtime.js';
import { withoutUnusedFusions } from './unused-fusions.js';

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
  { ort, session: options, store }: Runtime,
  model: Uint8Array,
  { forProcessor = [], kept = false, isSection = false }: GraphTraits,
): Promise<Created> {
  const create = (more: Ort.InferenceSession.SessionOptions): Promise<Ort.InferenceSession> =>
    ort.InferenceSession.create(model, {
      ...options,
      ...(isSection && { enableCpuMemArena: false }),
      ...more,
    });
  const [first, ...others] = options.executionProviders ?? ['cpu'];
  if (first === 'cpu' || first === 'wasm') {
    if (!kept || first === 'wasm') return { created: await create({}), fellBack: false };
    // What is kept is a training step.
    const forSteps = { ...options, extra: { ...options.extra, ...withoutUnusedFusions } };
    const created =
      store === null
        ? await ort.InferenceSession.create(model, forSteps)
        : await createOnce(store, model, ort, forSteps);
    return { created, fellBack: false };
  }
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

/** A session of the graph as it was optimized before; the first time it is optimized and kept. */
async function createOnce(
  store: GraphStore,
  model: Uint8Array,
  ort: typeof Ort,
  options: Ort.InferenceSession.SessionOptions,
): Promise<Ort.InferenceSession> {
  const file = store.fileFor(model);
  const optimized = await store.read(file);
  if (optimized !== null) {
    try {
      return await ort.InferenceSession.create(optimized, { ...options, graphOptimizationLevel: 'disabled' });
    } catch {
      // Optimized again below.
    }
  }
  const begun = await store.begin(file);
  if (begun === null) return await ort.InferenceSession.create(model, options);
  try {
    const { session } = (options.extra ?? {}) as { session?: object };
    const saving = {
      optimizedModelFilePath: begun,
      extra: { ...options.extra, session: { ...session, save_model_format: 'ORT' } },
    };
    const created = await ort.InferenceSession.create(model, { ...options, ...saving });
    await store.keep(begun, file);
    return created;
  } catch {
    await store.discard(begun);
    return await ort.InferenceSession.create(model, options);
  }
}

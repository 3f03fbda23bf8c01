import type * as Ort from 'onnxruntime-common';
import type { GraphTraits } from './protocol.js';
import { createSession } from './create-session.js';
import { NativeSession } from './native-session.js';
import type { Runtime } from './runtime.js';

/** The session of a section of a step, which writes all its outputs to given memory. */
export interface SectionSession {
  run(
    inputs: Readonly<Record<string, Ort.Tensor>>,
    outputs: Readonly<Record<string, Ort.Tensor>>,
  ): Promise<void>;
  release(): Promise<void>;
}

/** A session by the C functions of the runtime where these are there, else one of its package, which copies. */
export async function sectionSession(
  runtime: Runtime,
  model: Uint8Array,
  traits: GraphTraits,
): Promise<{ readonly created: SectionSession; readonly fellBack: boolean }> {
  const { info, session } = runtime;
  const native = await runtime.native();
  if (native !== null) {
    const { intra_op: spinning } = (session.extra as { session: { intra_op: Record<string, string> } })
      .session;
    const created = NativeSession.create(native, model, {
      threads: info.threads,
      graphOptimizationLevel:
        traits.isFinal === true ? 'disabled' : (session.graphOptimizationLevel ?? 'all'),
      configuration: {
        'session.use_env_allocators': '1',
        ...Object.fromEntries(
          Object.entries(spinning).map(([key, value]) => [`session.intra_op.${key}`, value]),
        ),
      },
    });
    return {
      created: {
        async run(inputs, outputs) {
          created.run(inputs, outputs);
        },
        async release() {
          created.release();
        },
      },
      fellBack: false,
    };
  }
  const { created, fellBack } = await createSession(runtime, model, traits);
  return { created: copying(created), fellBack };
}

/** onnxruntime-web returns outputs in memory of its own, onnxruntime-node may. */
const copying = (session: Ort.InferenceSession): SectionSession => ({
  async run(inputs, outputs) {
    const found = await session.run(inputs, Object.keys(outputs));
    for (const [name, { data }] of Object.entries(outputs))
      (data as Float32Array).set(found[name]!.data as Float32Array);
  },
  release: () => session.release(),
});

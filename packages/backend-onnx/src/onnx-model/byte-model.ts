import type { HostTensor } from '@anc/core';
import { DERIVED } from './derived-names.js';
import { createSession, runInBatches, type BatchSize, type EngineOwner } from './session.js';

/** Name of the input of models that take bytes: see `OnnxTeacher.model`. */
export const BYTE_INPUT = DERIVED.images;

/** A model of bytes in a session of its own. */
export interface ByteModel {
  /** Bytes [B, H, W, C] in, logits [B, classes] out. */
  run(images: HostTensor): Promise<HostTensor>;
  /** Frees the session. */
  dispose(): Promise<void>;
}

/** What is known of a model of bytes: the facts of its `OnnxTeacher`. */
export interface ByteModelFacts extends BatchSize {
  /** Name in messages. */
  readonly shown: string;
  /** [H, W, C] of the images that it takes. */
  readonly images: readonly [number, number, number];
}

/**
 * Opens a model as `OnnxTeacher.model` gives it, or a conversion of one.
 *
 * @throws `ANC_ONNX` if ONNX Runtime cannot load it
 */
export async function openByteModel(
  { engine }: Pick<EngineOwner, 'engine'>,
  model: Uint8Array,
  { shown, images: shape, ...batch }: ByteModelFacts,
): Promise<ByteModel> {
  const session = engine.handle();
  await createSession(engine, session, model.slice(), shown);
  return {
    run: async (images) => (await runInBatches(engine, session, images, shape, batch))[DERIVED.logits]!,
    dispose: () => engine.call('releaseSession', session),
  };
}

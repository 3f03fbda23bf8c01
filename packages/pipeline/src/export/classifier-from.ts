import type { OnnxBackend } from '@anc/backend-onnx';
import { normalizedNetwork, type ClassifierOutputs, type Network, type Teacher } from '@anc/core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { parsePreprocessing } from '../classifier/preprocessing.js';
import type { ClassifierShape } from './function.js';
import type { ExportSource } from './source.js';

/**
 * What was written, read back, as a classifier of bytes that computes in ONNX Runtime. `logitsOf` is traced where it
 * computes: its weights are constants of the compiled graph. It gets what the model takes: bytes where the
 * normalization is inside, else normalized floats.
 */
export function classifierFrom(
  id: string,
  backend: OnnxBackend,
  { network, environment, normalization }: ExportSource,
  { foldNormalization }: ClassifierShape,
  logitsOf: (images: Tensor) => Tensor,
): Pick<Teacher, 'infer'> {
  const loaded: Network<ClassifierOutputs> = {
    ...network,
    apply(_variables, x) {
      const logits = logitsOf(x);
      return { outputs: { logits, features: logits }, stats: {} };
    },
  };
  const prepared = normalization ?? parsePreprocessing('unit', environment.input[2]);
  const whole = foldNormalization ? loaded : normalizedNetwork(loaded, prepared);
  return {
    async infer(images) {
      const compiled = await backend.compileFunction(
        ({ images }, context) => {
          const { outputs } = whole.apply({ params: {}, stats: {} }, images!, context);
          return { logits: outputs.logits };
        },
        { id, inputs: { images: { shape: images.shape, dtype: 'uint8' } } },
      );
      try {
        return await compiled.run({ images });
      } finally {
        await compiled.dispose();
      }
    },
  };
}

import * as tf from '@tensorflow/tfjs-core';
import { imageShape, modelInputError, stateless, type Layer } from './layer.js';

/**
 * Adds channels of zeros up to `channels`, half of them before and half after those of the image (option A of He et
 * al. 2015, as in the CIFAR implementations). [B, H, W, C] -> [B, H, W, channels].
 */
export function padChannels(name: string, channels: number): Layer {
  return stateless(
    name,
    (input) => {
      const [height, width, own] = imageShape(name, input);
      if (own > channels) throw modelInputError(name, `at most ${channels} channels`, input);
      return [height, width, channels];
    },
    (x) => {
      const missing = channels - x.shape[3]!;
      const front = Math.floor(missing / 2);
      if (missing === 0) return x;
      return tf.pad(x as tf.Tensor4D, [
        [0, 0],
        [0, 0],
        [0, 0],
        [front, missing - front],
      ]);
    },
  );
}

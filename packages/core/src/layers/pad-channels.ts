import * as tf from '@tensorflow/tfjs-core';
import { imageShape, modelInputError, stateless, type Layer } from './layer.js';

/**
 * Zero channels around those of an image until there are `channels`: half in front, half behind
 * (option A of He et al. 2015 as the CIFAR implementations do it). [B, H, W, C] -> [B, H, W, channels].
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

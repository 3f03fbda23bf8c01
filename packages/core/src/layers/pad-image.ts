import * as tf from '@tensorflow/tfjs-core';
import { imageShape, stateless, type Layer } from './layer.js';

/**
 * Adds `around` rows and columns of zeros on every side of an image: [B, H, W, C] -> [B, H + 2·around, W + 2·around,
 * C]. A pooling after it includes these zeros in its windows; its own padding it would exclude.
 */
export const padImage = (name: string, around: number): Layer =>
  stateless(
    name,
    (input) => {
      const [height, width, channels] = imageShape(name, input);
      return [height + 2 * around, width + 2 * around, channels];
    },
    (x) =>
      tf.pad(x as tf.Tensor4D, [
        [0, 0],
        [around, around],
        [around, around],
        [0, 0],
      ]),
  );

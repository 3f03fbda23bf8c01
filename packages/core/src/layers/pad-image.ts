import * as tf from '@tensorflow/tfjs-core';
import { imageShape, stateless, type Layer } from './layer.js';

/**
 * Zeros around an image, `around` on every side: [B, H, W, C] -> [B, H + 2·around, W + 2·around, C]. A pooling after
 * it sees them, where padding of its own is left out of every window.
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

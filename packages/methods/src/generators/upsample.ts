import { stateless, type Layer } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';

/** Each pixel becomes a square of four: [H, W, C] -> [2H, 2W, C]. Of copies alone, which every backend differentiates. */
export const upsample = (name: string): Layer =>
  stateless(
    name,
    ([height, width, channels]) => [2 * height!, 2 * width!, channels!],
    (x) => {
      const [batch, height, width, channels] = x.shape as [number, number, number, number];
      const wide = tf.reshape(tf.concat([x, x], 3), [batch, height, 2 * width * channels]);
      return tf.reshape(tf.concat([wide, wide], 2), [batch, 2 * height, 2 * width, channels]);
    },
  );

/** The middle of an image: [H, W, C] -> [height, width, C]. */
export const cropTo = (name: string, height: number, width: number): Layer =>
  stateless(
    name,
    ([, , channels]) => [height, width, channels!],
    (x) => {
      const [batch, fullHeight, fullWidth, channels] = x.shape as [number, number, number, number];
      if (fullHeight === height && fullWidth === width) return x;
      const start = [0, Math.floor((fullHeight - height) / 2), Math.floor((fullWidth - width) / 2), 0];
      return tf.slice(x, start, [batch, height, width, channels]);
    },
  );

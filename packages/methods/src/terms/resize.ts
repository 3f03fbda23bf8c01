import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/**
 * The teacher's map at the student's size, bilinear; as it is where the sizes agree. It is the teacher's that
 * changes: it needs no gradient. x: [B, H, W, C] -> [B, height, width, C].
 */
export function resizedTo([height, width]: readonly number[], x: Tensor): Tensor {
  if (x.shape[1] === height && x.shape[2] === width) return x;
  return tf.image.resizeBilinear(x as tf.Tensor4D, [height!, width!], false, true);
}

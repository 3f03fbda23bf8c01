import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/**
 * Resizes the teacher's map to the student's plane, bilinearly; unchanged where the planes agree. The teacher's map is
 * the one that is resized because it needs no gradient. x: [B, H, W, C] -> [B, height, width, C].
 */
export function resizedTo([height, width]: readonly number[], x: Tensor): Tensor {
  if (x.shape[1] === height && x.shape[2] === width) return x;
  return tf.image.resizeBilinear(x as tf.Tensor4D, [height!, width!], false, true);
}

import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';

type Plane = readonly [height: number, width: number];

/** Weights of the positions along one axis, from `from` positions to `to`: one row per new position. */
type Weights = (from: number, to: number) => readonly (readonly number[])[];

/** The mean of the positions from ⌊i·from/to⌋ to ⌈(i+1)·from/to⌉, as PyTorch's adaptive average pooling. */
const averages: Weights = (from, to) =>
  Array.from({ length: to }, (_, i) => {
    const [start, end] = [Math.floor((i * from) / to), Math.ceil(((i + 1) * from) / to)];
    return Array.from({ length: from }, (_, j) => (j >= start && j < end ? 1 / (end - start) : 0));
  });

/** The position ⌊i·from/to⌋, as PyTorch's interpolation of mode "nearest". */
const nearest: Weights = (from, to) =>
  Array.from({ length: to }, (_, i) =>
    Array.from({ length: from }, (_, j) => (j === Math.floor((i * from) / to) ? 1 : 0)),
  );

/**
 * A linear map of the positions of a plane, the same for every channel. It is one product of matrices, which every
 * backend differentiates; kernels of pooling and resizing take windows of one size alone, or have no gradient.
 * x: [B, H, W, C] -> [B, height, width, C].
 */
function mapped(x: Tensor, [height, width]: Plane, weights: Weights): Tensor {
  const [batch, h, w, channels] = x.shape as [number, number, number, number];
  if (h === height && w === width) return x;
  const [rows, columns] = [weights(h, height), weights(w, width)];
  const matrix: Tensor2D = tf.tensor2d(
    Float32Array.from(
      rows.flatMap((row) => columns.flatMap((column) => row.flatMap((a) => column.map((b) => a * b)))),
    ),
    [height * width, h * w],
  );
  const planes = tf.reshape(tf.transpose(tf.reshape(x, [batch, h * w, channels]), [0, 2, 1]), [-1, h * w]);
  const moved = tf.matMul(planes, matrix, false, true); // [B·C, height·width]
  const back = tf.transpose(tf.reshape(moved, [batch, channels, height * width]), [0, 2, 1]);
  return tf.reshape(back, [batch, height, width, channels]);
}

/** Means over equal parts of the plane, adaptive average pooling. x: [B, H, W, C] -> [B, height, width, C]. */
export const averagedTo = (plane: Plane, x: Tensor): Tensor => mapped(x, plane, averages);

/** The pixel ⌊i·from/to⌋ along each axis. x: [B, H, W, C] -> [B, height, width, C]. */
export const nearestTo = (plane: Plane, x: Tensor): Tensor => mapped(x, plane, nearest);

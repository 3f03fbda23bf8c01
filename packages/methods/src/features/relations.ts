import * as tf from '@tensorflow/tfjs-core';
import type { Rank, Tensor, Tensor2D } from '@tensorflow/tfjs-core';

/** One row per sample. x: [B, …] -> [B, d]. */
export const rowsOf = (x: Tensor): Tensor2D => tf.reshape<Rank.R2>(x, [x.shape[0], -1]);

/**
 * Euclidean lengths along an axis, kept with size 1, at least `epsilon`. The gradient is zero where the length is below
 * that, where that of the square root alone is infinite.
 */
export const lengthsOf = (x: Tensor, axis: number, epsilon: number): Tensor =>
  tf.sqrt(tf.maximum(tf.sum(tf.square(x), axis, true), epsilon * epsilon));

/** 1 for two different samples, 0 for a sample and itself. -> [B, B]. */
export const differentSamples = (batch: number): Tensor2D => tf.sub(1, tf.eye(batch));

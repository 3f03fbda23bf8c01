import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';

/** Index of the largest logit; the first of equal ones. logits: [B, …, classes] -> [B, …] int32. */
const largest = (logits: Tensor): Tensor => tf.argMax(logits, logits.rank - 1);

/**
 * Share of predictions whose largest logit is of the same class in both, over the batch and all axes but the last.
 * a, b: [B, …, classes].
 */
export function agreement(a: Tensor, b: Tensor): Scalar {
  return tf.mean(tf.cast(tf.equal(largest(a), largest(b)), 'float32'));
}

/**
 * Share of predictions whose largest logit is not the label's, over the batch and all axes but the last.
 * logits: [B, …, classes]; labels: [B, …] int32.
 */
export function errorRate(logits: Tensor, labels: Tensor): Scalar {
  return tf.mean(tf.cast(tf.notEqual(largest(logits), labels), 'float32'));
}

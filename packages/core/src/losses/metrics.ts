import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';

/** Share of samples whose largest logit is of the same class in both. a, b: [B, classes]. */
export function agreement(a: Tensor, b: Tensor): Scalar {
  return tf.mean(tf.cast(tf.equal(tf.argMax(a, 1), tf.argMax(b, 1)), 'float32'));
}

/** Share of samples whose largest logit is not the label's. logits: [B, classes]; labels: [B] int32. */
export function errorRate(logits: Tensor, labels: Tensor): Scalar {
  return tf.mean(tf.cast(tf.notEqual(tf.argMax(logits, 1), labels), 'float32'));
}

/**
 * Area under the ROC curve: the probability that a teacher sample has a higher score than a student sample, ties
 * counting half (Mann–Whitney). It needs neither a threshold nor a calibrated D. Scores: [B, …] each.
 */
export function areaUnderCurve(onTeacher: Tensor, onStudent: Tensor): Scalar {
  const gap = tf.sub(tf.reshape(onTeacher, [-1, 1]), tf.reshape(onStudent, [1, -1])); // [B, B]
  const above = tf.cast(tf.greater(gap, 0), 'float32');
  const ties = tf.cast(tf.equal(gap, 0), 'float32');
  return tf.mean(tf.add(above, tf.mul(ties, 0.5)));
}

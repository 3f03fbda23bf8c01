import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';

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

import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';

/** How a per-sample value is made from its classes. Batches are always averaged. */
export type Reduction = 'sum' | 'mean';

/**
 * Binary cross-entropy of a raw logit z against a constant label, averaged over all entries.
 * Label 1: -log σ(z) = softplus(-z). Label 0: -log(1 - σ(z)) = softplus(z). Never takes log(0).
 */
export function binaryCrossEntropy(logits: Tensor, label: 0 | 1): Scalar {
  return tf.mean(tf.softplus(label === 1 ? tf.neg(logits) : logits));
}

/**
 * Squared distance of logits, Eq. 3: ||f_t(x) - f_s(x)||², summed (or averaged) over classes, averaged
 * over the batch. student, teacher: [B, classes].
 */
export function squaredDistance(student: Tensor, teacher: Tensor, reduction: Reduction = 'sum'): Scalar {
  const squares = tf.squaredDifference(student, teacher); // [B, classes]
  return tf.mean(reduction === 'sum' ? tf.sum(squares, 1) : tf.mean(squares, 1));
}

/** Softmax cross-entropy with integer labels. logits: [B, classes]; labels: [B] int32. */
export function softmaxCrossEntropy(logits: Tensor, labels: Tensor): Scalar {
  const target = tf.oneHot(labels, logits.shape[1]!); // [B, classes]
  return tf.neg(tf.mean(tf.sum(tf.mul(tf.cast(target, 'float32'), tf.logSoftmax(logits)), 1)));
}

/**
 * Distillation with a temperature (Hinton 2015): T² · KL(softmax(t/T) || softmax(s/T)), averaged over the
 * batch. The factor T² keeps the gradient's size independent of T. student, teacher: [B, classes].
 */
export function temperatureKl(student: Tensor, teacher: Tensor, temperature: number): Scalar {
  const logP = tf.logSoftmax(tf.div(teacher, temperature));
  const logQ = tf.logSoftmax(tf.div(student, temperature));
  const divergence = tf.sum(tf.mul(tf.exp(logP), tf.sub(logP, logQ)), 1); // [B]
  return tf.mul(tf.mean(divergence), temperature * temperature);
}

/** Share of samples whose largest logit is the same class. a, b: [B, classes]. */
export function agreement(a: Tensor, b: Tensor): Scalar {
  return tf.mean(tf.cast(tf.equal(tf.argMax(a, 1), tf.argMax(b, 1)), 'float32'));
}

/** Share of samples whose largest logit is not the label. logits: [B, classes]; labels: [B] int32. */
export function errorRate(logits: Tensor, labels: Tensor): Scalar {
  return tf.mean(tf.cast(tf.notEqual(tf.argMax(logits, 1), labels), 'float32'));
}

/**
 * Area under the ROC curve: the probability that a teacher sample scores above a student sample, ties
 * counting half (Mann–Whitney). It needs no threshold and no calibrated D. scores: [B, …] each.
 */
export function areaUnderCurve(onTeacher: Tensor, onStudent: Tensor): Scalar {
  const gap = tf.sub(tf.reshape(onTeacher, [-1, 1]), tf.reshape(onStudent, [1, -1])); // [B, B]
  const above = tf.cast(tf.greater(gap, 0), 'float32');
  const ties = tf.cast(tf.equal(gap, 0), 'float32');
  return tf.mean(tf.add(above, tf.mul(ties, 0.5)));
}

import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';

/** How the classes of a sample are reduced to one value. The batch is always averaged. */
export type Reduction = 'sum' | 'mean';

/**
 * Binary cross-entropy of raw logits z with a constant label, mean over all entries.
 * Label 1: -log σ(z) = softplus(-z). Label 0: -log(1 - σ(z)) = softplus(z). Never takes log(0).
 */
export function binaryCrossEntropy(logits: Tensor, label: 0 | 1): Scalar {
  return tf.mean(tf.softplus(label === 1 ? tf.neg(logits) : logits));
}

/**
 * Squared distance of logits, Eq. 3: ‖f_t(x) - f_s(x)‖², summed (or averaged) over the classes, mean over the batch.
 * student, teacher: [B, classes].
 */
export function squaredDistance(student: Tensor, teacher: Tensor, reduction: Reduction = 'sum'): Scalar {
  const squares = tf.squaredDifference(student, teacher); // [B, classes]
  return tf.mean(reduction === 'sum' ? tf.sum(squares, 1) : tf.mean(squares, 1));
}

/** Softmax cross-entropy with integer labels, mean over the batch. logits: [B, classes]; labels: [B] int32. */
export function softmaxCrossEntropy(logits: Tensor, labels: Tensor): Scalar {
  const target = tf.oneHot(labels, logits.shape[1]!); // [B, classes]
  return tf.neg(tf.mean(tf.sum(tf.mul(tf.cast(target, 'float32'), tf.logSoftmax(logits)), 1)));
}

/**
 * Distillation with a temperature (Hinton et al. 2015): T² · KL(softmax(t/T) ‖ softmax(s/T)), mean over the batch.
 * The factor T² keeps the scale of the gradient independent of T. student, teacher: [B, classes].
 */
export function temperatureKl(student: Tensor, teacher: Tensor, temperature: number): Scalar {
  const logP = tf.logSoftmax(tf.div(teacher, temperature));
  const logQ = tf.logSoftmax(tf.div(student, temperature));
  const divergence = tf.sum(tf.mul(tf.exp(logP), tf.sub(logP, logQ)), 1); // [B]
  return tf.mul(tf.mean(divergence), temperature * temperature);
}

import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';

/**
 * How the classes of a prediction are reduced to one value. The batch, and the other axes of logits that have several
 * predictions per image (pixels), are always averaged.
 */
export type Reduction = 'sum' | 'mean';

/**
 * Binary cross-entropy of raw logits z with a constant label, mean over all entries.
 * Label 1: -log σ(z) = softplus(-z). Label 0: -log(1 - σ(z)) = softplus(z). Never takes log(0).
 */
export function binaryCrossEntropy(logits: Tensor, label: 0 | 1): Scalar {
  return tf.mean(tf.softplus(label === 1 ? tf.neg(logits) : logits));
}

/**
 * Squared distance of logits, Eq. 3: ‖f_t(x) - f_s(x)‖², summed (or averaged) over the classes, mean over all other axes.
 * student, teacher: [B, …, classes].
 */
export function squaredDistance(student: Tensor, teacher: Tensor, reduction: Reduction = 'sum'): Scalar {
  const squares = tf.squaredDifference(student, teacher); // [B, …, classes]
  const classes = squares.rank - 1;
  return tf.mean(reduction === 'sum' ? tf.sum(squares, classes) : tf.mean(squares, classes));
}

/**
 * Softmax cross-entropy with integer labels, mean over all axes but the last. A label that is no class counts with a
 * loss of 0. logits: [B, …, classes]; labels: [B, …] int32.
 */
export function softmaxCrossEntropy(logits: Tensor, labels: Tensor): Scalar {
  const classes = logits.rank - 1;
  const target = tf.oneHot(labels, logits.shape[classes]!); // [B, …, classes]
  return tf.neg(tf.mean(tf.sum(tf.mul(tf.cast(target, 'float32'), tf.logSoftmax(logits)), classes)));
}

/**
 * Distillation with a temperature (Hinton et al. 2015): T² · KL(softmax(t/T) ‖ softmax(s/T)), mean over all axes but the
 * last. The factor T² keeps the scale of the gradient independent of T. student, teacher: [B, …, classes].
 */
export function temperatureKl(student: Tensor, teacher: Tensor, temperature: number): Scalar {
  const logP = tf.logSoftmax(tf.div(teacher, temperature));
  const logQ = tf.logSoftmax(tf.div(student, temperature));
  const divergence = tf.sum(tf.mul(tf.exp(logP), tf.sub(logP, logQ)), student.rank - 1); // [B, …]
  return tf.mul(tf.mean(divergence), temperature * temperature);
}

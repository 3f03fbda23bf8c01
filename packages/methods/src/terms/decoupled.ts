import type { Term } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';

/** Subtracted from a logit to take its class out of a softmax: e^-1000 is zero. */
const FAR = 1000;

export interface DecoupledOptions {
  readonly temperature: number;
  readonly alpha: number;
  readonly beta: number;
}

/** log p of the target, log p of all other classes together, and log softmax of the others. z: [B, …, classes]. */
function split(z: Tensor, target: Tensor): { own: Tensor; others: Tensor; among: Tensor } {
  const classes = z.rank - 1;
  const logP = tf.logSoftmax(z); // [B, …, classes]
  const away = tf.mul(target, FAR);
  return {
    own: tf.sum(tf.mul(target, logP), classes), // [B, …]
    others: tf.logSumExp(tf.sub(logP, away), classes), // [B, …]
    among: tf.logSoftmax(tf.sub(z, away)), // [B, …, classes]
  };
}

/**
 * Zhao 2022, Eq. 7: T² (α · TCKD + β · NCKD), mean over all axes but the last. TCKD is the KL divergence of "target or not",
 * NCKD that of the softmax over the other classes. student, teacher, target (one-hot): [B, …, classes].
 */
export function decoupledKl(
  student: Tensor,
  teacher: Tensor,
  target: Tensor,
  { temperature, alpha, beta }: DecoupledOptions,
): Scalar {
  const t = split(tf.div(teacher, temperature), target);
  const s = split(tf.div(student, temperature), target);
  const divergence = (p: Tensor, q: Tensor): Tensor => tf.mul(tf.exp(p), tf.sub(p, q));
  const targetClass = tf.add(divergence(t.own, s.own), divergence(t.others, s.others)); // [B, …]
  const otherClasses = tf.sum(divergence(t.among, s.among), student.rank - 1); // [B, …]
  const both = tf.add(tf.mul(targetClass, alpha), tf.mul(otherClasses, beta));
  return tf.mul(tf.mean(both), temperature * temperature);
}

/** One-hot vectors of the largest logit. logits: [B, …, classes]. */
export const topClass = (logits: Tensor): Tensor =>
  tf.cast(tf.oneHot(tf.argMax(logits, logits.rank - 1), logits.shape.at(-1)!), 'float32');

/** Decoupled distillation with the teacher's prediction or the label as the target class. */
export const decoupledTerm = (options: DecoupledOptions, target: 'teacher' | 'labels'): Term => ({
  name: 'data',
  id: JSON.stringify(['dkd', options, target]),
  teacherOutputs: ['logits'],
  usesLabels: target === 'labels',
  loss({ outputs, batch }) {
    const teacher = batch['teacher/logits']!;
    const classes = teacher.shape.at(-1)!;
    const oneHot =
      target === 'teacher' ? topClass(teacher) : tf.cast(tf.oneHot(batch.labels!, classes), 'float32');
    return decoupledKl(outputs.logits, teacher, oneHot, options);
  },
});

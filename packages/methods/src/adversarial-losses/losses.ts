import { binaryCrossEntropy, type AdversarialLoss } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';

/** Eq. 2, negated because it is minimized: -E[log D(t)] - E[log(1 - D(s))]. */
const discriminator = (onTeacher: Tensor, onStudent: Tensor): Scalar =>
  tf.add(binaryCrossEntropy(onTeacher, 1), binaryCrossEntropy(onStudent, 0));

/** The student's samples are labeled "teacher": it minimizes -E[log D(s)] (the paper's Section 3.4). */
export const labelInversion = {
  name: 'label-inversion',
  discriminator,
  student: (onStudent: Tensor) => binaryCrossEntropy(onStudent, 1),
} satisfies AdversarialLoss;

/** Eq. 4 taken literally: the student minimizes E[log(1 - D(s))], which saturates where D is certain. */
export const saturating = {
  name: 'saturating',
  discriminator,
  student: (onStudent: Tensor) => tf.neg<Scalar>(binaryCrossEntropy(onStudent, 0)),
} satisfies AdversarialLoss;

/**
 * Hinge (Lim & Ye 2017): D minimizes E max(0, 1 - D(t)) + E max(0, 1 + D(s)), the student -E D(s). The student's loss
 * is unbounded: with a balancer, cap the weight.
 */
export const hinge = {
  name: 'hinge',
  discriminator: (onTeacher: Tensor, onStudent: Tensor): Scalar =>
    tf.add(tf.mean(tf.relu(tf.sub(1, onTeacher))), tf.mean(tf.relu(tf.add(1, onStudent)))),
  student: (onStudent: Tensor): Scalar => tf.neg(tf.mean(onStudent)),
} satisfies AdversarialLoss;

/** Least squares (Mao 2017): D minimizes E (D(t) - 1)² + E D(s)², the student E (D(s) - 1)²; D is a raw logit. */
export const leastSquares = {
  name: 'least-squares',
  discriminator: (onTeacher: Tensor, onStudent: Tensor): Scalar =>
    tf.add(tf.mean(tf.square(tf.sub(onTeacher, 1))), tf.mean(tf.square(onStudent))),
  student: (onStudent: Tensor): Scalar => tf.mean(tf.square(tf.sub(onStudent, 1))),
} satisfies AdversarialLoss;

/**
 * Wasserstein (Arjovsky 2017): D minimizes E D(s) - E D(t), the student -E D(s). D has to be smooth: use it with
 * `spectralNorm` or the `wgan-gp` regularizer (Gulrajani 2017); the cross-entropy of Eq. 7 does not bound it.
 */
export const wasserstein = {
  name: 'wasserstein',
  discriminator: (onTeacher: Tensor, onStudent: Tensor): Scalar =>
    tf.sub(tf.mean(onStudent), tf.mean(onTeacher)),
  student: (onStudent: Tensor): Scalar => tf.neg(tf.mean(onStudent)),
} satisfies AdversarialLoss;

import { binaryCrossEntropy, type AdversarialLoss } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';

/** Eq. 2, negated because it is minimized: -E[log D(t)] - E[log(1 - D(s))]. */
const discriminator = (onTeacher: Tensor, onStudent: Tensor): Scalar =>
  tf.add(binaryCrossEntropy(onTeacher, 1), binaryCrossEntropy(onStudent, 0));

/** The student's samples are labeled "teacher": it minimizes -E[log D(s)] (the paper's Section 3.4). */
export const labelInversion: AdversarialLoss = {
  name: 'label-inversion',
  discriminator,
  student: (onStudent) => binaryCrossEntropy(onStudent, 1),
};

/** Eq. 4 taken literally: the student minimizes E[log(1 - D(s))], which saturates where D is certain. */
export const saturating: AdversarialLoss = {
  name: 'saturating',
  discriminator,
  student: (onStudent) => tf.neg(binaryCrossEntropy(onStudent, 0)),
};

/**
 * Hinge (Lim & Ye 2017): D minimizes E max(0, 1 - D(t)) + E max(0, 1 + D(s)), the student -E D(s). The student's loss
 * is unbounded: with a balancer, cap the weight.
 */
export const hinge: AdversarialLoss = {
  name: 'hinge',
  discriminator: (onTeacher, onStudent) =>
    tf.add(tf.mean(tf.relu(tf.sub(1, onTeacher))), tf.mean(tf.relu(tf.add(1, onStudent)))),
  student: (onStudent) => tf.neg(tf.mean(onStudent)),
};

/** Least squares (Mao 2017): D minimizes E (D(t) - 1)² + E D(s)², the student E (D(s) - 1)²; D is a raw logit. */
export const leastSquares: AdversarialLoss = {
  name: 'least-squares',
  discriminator: (onTeacher, onStudent) =>
    tf.add(tf.mean(tf.square(tf.sub(onTeacher, 1))), tf.mean(tf.square(onStudent))),
  student: (onStudent) => tf.mean(tf.square(tf.sub(onStudent, 1))),
};

/**
 * Wasserstein (Arjovsky 2017): D minimizes E D(s) - E D(t), the student -E D(s). D has to be smooth: use it with
 * `spectralNorm` or the `r1` regularizer; the cross-entropy of Eq. 7 does not bound it.
 */
export const wasserstein: AdversarialLoss = {
  name: 'wasserstein',
  discriminator: (onTeacher, onStudent) => tf.sub(tf.mean(onStudent), tf.mean(onTeacher)),
  student: (onStudent) => tf.neg(tf.mean(onStudent)),
};

import { binaryCrossEntropy, type AdversarialLoss, type Contributions } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { z } from 'zod';

/** Eq. 2, negated because it is minimised: -E[log D(t)] - E[log(1 - D(s))]. */
const discriminator = (onTeacher: Tensor, onStudent: Tensor): Scalar =>
  tf.add(binaryCrossEntropy(onTeacher, 1), binaryCrossEntropy(onStudent, 0));

/** The student's samples are labelled "teacher": it minimises -E[log D(s)] (the paper's Section 3.4). */
export const labelInversion: AdversarialLoss = {
  name: 'label-inversion',
  discriminator,
  student: (onStudent) => binaryCrossEntropy(onStudent, 1),
};

/** Eq. 4 read literally: the student minimises E[log(1 - D(s))], flat where D is sure. */
export const saturating: AdversarialLoss = {
  name: 'saturating',
  discriminator,
  student: (onStudent) => tf.neg(binaryCrossEntropy(onStudent, 0)),
};

/**
 * Hinge (Lim & Ye 2017): D minimises E max(0, 1 - D(t)) + E max(0, 1 + D(s)), the student -E D(s). The student's side
 * has no bound: with a balancer, cap the weight.
 */
export const hinge: AdversarialLoss = {
  name: 'hinge',
  discriminator: (onTeacher, onStudent) =>
    tf.add(tf.mean(tf.relu(tf.sub(1, onTeacher))), tf.mean(tf.relu(tf.add(1, onStudent)))),
  student: (onStudent) => tf.neg(tf.mean(onStudent)),
};

/** Least squares (Mao 2017): D minimises E (D(t) - 1)² + E D(s)², the student E (D(s) - 1)²; D is a raw logit. */
export const leastSquares: AdversarialLoss = {
  name: 'least-squares',
  discriminator: (onTeacher, onStudent) =>
    tf.add(tf.mean(tf.square(tf.sub(onTeacher, 1))), tf.mean(tf.square(onStudent))),
  student: (onStudent) => tf.mean(tf.square(tf.sub(onStudent, 1))),
};

/**
 * Wasserstein (Arjovsky 2017): D minimises E D(s) - E D(t), the student -E D(s). D must be kept smooth: use it with
 * `spectralNorm` or the `r1` regularizer; Eq. 7's cross-entropy does not bound it.
 */
export const wasserstein: AdversarialLoss = {
  name: 'wasserstein',
  discriminator: (onTeacher, onStudent) => tf.sub(tf.mean(onStudent), tf.mean(onTeacher)),
  student: (onStudent) => tf.neg(tf.mean(onStudent)),
};

export const adversarialLosses: NonNullable<Contributions['adversarialLosses']> = {
  'label-inversion': {
    summary: 'the student minimises -log D',
    options: z.strictObject({}),
    create: () => labelInversion,
  },
  saturating: {
    summary: 'the student minimises log(1 - D)',
    options: z.strictObject({}),
    create: () => saturating,
  },
  hinge: {
    summary: 'margins of one on both sides; the student raises D',
    options: z.strictObject({}),
    create: () => hinge,
  },
  'least-squares': {
    summary: 'squared distance of D to 1 and 0',
    options: z.strictObject({}),
    create: () => leastSquares,
  },
  wasserstein: {
    summary: 'difference of the means of D; wants spectralNorm or r1',
    options: z.strictObject({}),
    create: () => wasserstein,
  },
};

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
};

import type { Contributions } from '@anc/core';
import { z } from 'zod';
import { featureMatching, featureMatchingSchema } from './feature-matching.js';
import { hinge, labelInversion, leastSquares, saturating, wasserstein } from './losses.js';
import { relativistic, relativisticAverage, relativisticSchema } from './relativistic.js';

const options = z.strictObject({});

export const adversarialLosses: NonNullable<Contributions['adversarialLosses']> = {
  'label-inversion': {
    summary: 'the student minimizes -log D (the paper)',
    options,
    create: () => labelInversion,
  },
  saturating: {
    summary: 'the student minimizes log(1 - D), the min-max objective taken literally',
    options,
    create: () => saturating,
  },
  hinge: {
    summary: 'hinge loss with a margin of one (Lim & Ye 2017)',
    options,
    create: () => hinge,
  },
  'least-squares': {
    summary: 'squared distance of D to 1 and 0 (Mao 2017)',
    options,
    create: () => leastSquares,
  },
  wasserstein: {
    summary:
      'difference of the means of D (Arjovsky 2017); use with --regularizer wgan-gp or --spectral-norm',
    options,
    create: () => wasserstein,
  },
  relativistic: {
    summary: 'D on the teacher above D on the student, image by image (Jolicoeur-Martineau 2018, RSGAN)',
    options: relativisticSchema,
    create: relativistic,
  },
  'relativistic-average': {
    summary: 'D on each side above the mean of the other (Jolicoeur-Martineau 2018, RaGAN)',
    options: relativisticSchema,
    create: relativisticAverage,
  },
  'feature-matching': {
    summary: "the student matches the means of D's hidden features (Salimans 2016)",
    options: featureMatchingSchema,
    create: featureMatching,
  },
};

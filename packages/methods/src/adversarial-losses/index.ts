import type { Contributions } from '@anc/core';
import { z } from 'zod';
import { hinge, labelInversion, leastSquares, saturating, wasserstein } from './losses.js';

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
    summary: 'difference of the means of D (Arjovsky 2017); use with --spectral-norm or --regularizer r1',
    options,
    create: () => wasserstein,
  },
};

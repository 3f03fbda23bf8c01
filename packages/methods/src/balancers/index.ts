import type { Contributions } from '@anc/core';
import { fixedBalancer, fixedSchema, gradientNormBalancer, gradientNormSchema } from './balancers.js';

export const balancers: NonNullable<Contributions['balancers']> = {
  fixed: {
    summary: 'constant weight of the adversarial term',
    options: fixedSchema,
    create: fixedBalancer,
  },
  'gradient-norm': {
    summary: "keeps the adversarial term's gradient at a share of the data term's",
    options: gradientNormSchema,
    create: gradientNormBalancer,
  },
};

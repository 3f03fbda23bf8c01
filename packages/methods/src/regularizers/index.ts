import type { Contributions } from '@anc/core';
import { z } from 'zod';
import { AdversarialSamplesRegularizer, adversarialSamplesSchema } from './adversarial-samples.js';
import { GradientPenaltyRegularizer, gradientPenaltySchema } from './gradient-penalty.js';
import { NoRegularizer } from './none.js';
import { WeightNormRegularizer, weightNormSchema } from './weight-norm.js';

export const regularizers: NonNullable<Contributions['regularizers']> = {
  none: { summary: 'no penalty', options: z.strictObject({}), create: () => new NoRegularizer() },
  l1: {
    summary: 'sum of the absolute weights, Eq. 6',
    options: weightNormSchema,
    create: (options: z.infer<typeof weightNormSchema>) => new WeightNormRegularizer('l1', options),
  },
  l2: {
    summary: 'sum of the squared weights, Eq. 5',
    options: weightNormSchema,
    create: (options: z.infer<typeof weightNormSchema>) => new WeightNormRegularizer('l2', options),
  },
  'adversarial-samples': {
    summary: 'student samples with the label "teacher", Eq. 7',
    options: adversarialSamplesSchema,
    create: (options: z.infer<typeof adversarialSamplesSchema>) => new AdversarialSamplesRegularizer(options),
  },
  r1: {
    summary: "gradient penalty at the teacher's samples (Mescheder 2018)",
    options: gradientPenaltySchema,
    create: (options: z.infer<typeof gradientPenaltySchema>) => new GradientPenaltyRegularizer(options),
  },
};

export { AdversarialSamplesRegularizer, GradientPenaltyRegularizer, NoRegularizer, WeightNormRegularizer };

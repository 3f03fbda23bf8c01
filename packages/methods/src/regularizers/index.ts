import type { Contributions } from '@anc/core';
import { z } from 'zod';
import { AdversarialSamplesRegularizer, adversarialSamplesSchema } from './adversarial-samples.js';
import {
  GradientPenaltyRegularizer,
  gradientPenaltySchema,
  PerturbedGradientPenalty,
  perturbedGradientSchema,
  unitGradientSchema,
  WassersteinGradientPenalty,
} from './gradient-penalty.js';
import { LeCamRegularizer, lecamSchema } from './lecam.js';
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
  r2: {
    summary: "gradient penalty at the student's samples (Mescheder 2018)",
    options: gradientPenaltySchema,
    create: (options: z.infer<typeof gradientPenaltySchema>) =>
      new GradientPenaltyRegularizer(options, 'student'),
  },
  'wgan-gp': {
    summary:
      'gradients of norm 1 between teacher and student (Gulrajani 2017); for --adversarial-loss wasserstein',
    options: unitGradientSchema,
    create: (options: z.infer<typeof unitGradientSchema>) => new WassersteinGradientPenalty(options),
  },
  dragan: {
    summary: "gradients of norm 1 around the teacher's samples (Kodali 2017)",
    options: perturbedGradientSchema,
    create: (options: z.infer<typeof perturbedGradientSchema>) => new PerturbedGradientPenalty(options),
  },
  lecam: {
    summary: "D's logits near the moving average of the other side's (Tseng 2021)",
    options: lecamSchema,
    create: (options: z.infer<typeof lecamSchema>) => new LeCamRegularizer(options),
  },
};

export {
  AdversarialSamplesRegularizer,
  GradientPenaltyRegularizer,
  LeCamRegularizer,
  NoRegularizer,
  PerturbedGradientPenalty,
  WassersteinGradientPenalty,
  WeightNormRegularizer,
};

import type { Contributions } from '@anc/core';
import { Regularizer } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar } from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { AdversarialSamplesRegularizer, adversarialSamplesSchema } from './adversarial-samples.js';
import { GradientPenaltyRegularizer, gradientPenaltySchema } from './gradient-penalty.js';
import { WeightNormRegularizer, weightNormSchema } from './weight-norm.js';

/** No regularizer at all: the paper's control, in which D usually wins. */
export class NoRegularizer extends Regularizer {
  readonly name = 'none';

  penalty(): Scalar {
    return tf.scalar(0);
  }
}

export const regularizers: NonNullable<Contributions['regularizers']> = {
  none: { summary: 'nothing', options: z.strictObject({}), create: () => new NoRegularizer() },
  l1: {
    summary: 'Eq. 6: the sum of absolute weights',
    options: weightNormSchema,
    create: (options: z.infer<typeof weightNormSchema>) => new WeightNormRegularizer('l1', options),
  },
  l2: {
    summary: 'Eq. 5: the sum of squared weights',
    options: weightNormSchema,
    create: (options: z.infer<typeof weightNormSchema>) => new WeightNormRegularizer('l2', options),
  },
  'adversarial-samples': {
    summary: 'Eq. 7: student samples labelled "teacher"',
    options: adversarialSamplesSchema,
    create: (options: z.infer<typeof adversarialSamplesSchema>) => new AdversarialSamplesRegularizer(options),
  },
  r1: {
    summary: "penalty on the slope of D at the teacher's samples",
    options: gradientPenaltySchema,
    create: (options: z.infer<typeof gradientPenaltySchema>) => new GradientPenaltyRegularizer(options),
  },
};

export { AdversarialSamplesRegularizer, GradientPenaltyRegularizer, WeightNormRegularizer };

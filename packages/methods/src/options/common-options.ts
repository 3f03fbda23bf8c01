import { optimizerConfigSchema } from '@anc/core';
import { z } from 'zod';

/** How the student is trained; every method has it. */
export const optimizerOption = optimizerConfigSchema
  .prefault({})
  .describe(
    "the student's optimizer: { optimizer: sgd, momentum, nesterov or adam; learningRate, schedule, weightDecay, … }",
  );

/** The name that `optimizer` had in earlier versions. */
export const formerOptimizerName = { recipe: 'optimizer' } as const;

const hardWeight = z.number().min(0).max(1);

/** How the data term is weighted, and labels against it; every method that has a data term has these. */
export const dataWeightOptions = {
  lambda: z.number().nonnegative().default(1).describe('weight λ of the data term'),
  hardWeight: hardWeight
    .default(0)
    .describe('weight of the cross-entropy with labels; the data term has the rest. 0: no labels are read'),
  hardWeightMode: z
    .enum(['share', 'added'])
    .default('share')
    .describe(
      'share: the data term has the weight (1 - hardWeight) λ; added: it keeps λ, and hardWeight comes on top',
    ),
  dataWarmup: z
    .number()
    .int()
    .nonnegative()
    .default(0)
    .describe(
      "epochs n over which the data term's weight rises: 1/n of it in the first epoch, all of it from the n-th; 0: all from the start",
    ),
};

/** Options of methods that minimize a weighted data term. */
export const commonSchema = z.strictObject({ optimizer: optimizerOption, ...dataWeightOptions });

/** For methods whose data term has a weight of its own. */
export const addedHardWeight = hardWeight
  .default(1)
  .describe('weight of the cross-entropy with labels, beside the data term. 0: no labels are read');

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

/** Options of methods that minimize a weighted data term. */
export const commonSchema = z.strictObject({
  optimizer: optimizerOption,
  lambda: z.number().nonnegative().default(1).describe('weight λ of the data term'),
});

export const hardWeightOption = z
  .number()
  .min(0)
  .max(1)
  .default(0)
  .describe('weight of the cross-entropy with labels; the data term has the rest. 0: no labels are read');

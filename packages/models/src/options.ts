import { INITIALIZER_NAMES } from '@anc/core/internal';
import { z } from 'zod';

/** Options shared by several families of networks. */
export const initializerOption = z
  .enum(INITIALIZER_NAMES)
  .default('he-normal')
  .describe('initializer of the weights');

/** Description of `initializer` for networks whose logits follow no ReLU. */
export const INITIALIZER_EXCEPT_LAST =
  'initializer of the weights; the last layer always uses glorot-uniform';

export const momentumOption = z
  .number()
  .min(0)
  .max(1)
  .default(0.9)
  .describe('momentum of batch norm: fraction of the running average that is kept at each step');

/** An option without a default, whose value follows from other options, unless a member of the family has one. */
export const optionalUnlessDefault = <T extends z.ZodType>(schema: T, value: z.output<T> | undefined) =>
  value === undefined ? schema.optional() : schema.default(value as z.core.util.NoUndefined<z.output<T>>);

export const featuresFromOption = z
  .enum(['after-relu', 'before-relu'])
  .default('after-relu')
  .describe('whether the features are taken after or before the ReLU of the last hidden layer');

import { INITIALIZER_NAMES } from '@anc/core/internal';
import { z } from 'zod';

/** Options that several families share. */
export const initializerOption = z.enum(INITIALIZER_NAMES).default('he-normal').describe('how weights start');

/** Of networks whose head sees no ReLU. */
export const LAST_LAYER = 'how weights start; the last layer’s are glorot-uniform';

export const momentumOption = z
  .number()
  .min(0)
  .max(1)
  .default(0.9)
  .describe('of batch norm: share of the old average that stays');

/** An option whose value follows from others where neither a person nor the network's name says it. */
export const orUnsaid = <T extends z.ZodType>(schema: T, value: z.output<T> | undefined) =>
  value === undefined ? schema.optional() : schema.default(value as z.core.util.NoUndefined<z.output<T>>);

export const featuresFromOption = z
  .enum(['after-relu', 'before-relu'])
  .default('after-relu')
  .describe('whether the features are what the last hidden layer gives, or what its ReLU is given');

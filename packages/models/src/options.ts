import { INITIALIZER_NAMES } from '@anc/core';
import { z } from 'zod';

/** Options that several families share. */
export const initializerOption = z.enum(INITIALIZER_NAMES).default('he-normal').describe('how weights start');

/** Of networks whose head sees no ReLU. */
export const LAST_LAYER = 'how weights start; the last layer’s are glorot-uniform';

export const featuresFromOption = z
  .enum(['after-relu', 'before-relu'])
  .default('after-relu')
  .describe('whether the features are what the last hidden layer gives, or what its ReLU is given');

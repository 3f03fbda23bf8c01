import { classification, type Contributions } from '@anc/core';
import { z } from 'zod';

export const tasks: NonNullable<Contributions['tasks']> = {
  classification: {
    summary: 'one class per image, measured by the share of wrong images',
    options: z.strictObject({}),
    create: () => classification,
  },
};

import type { Contributions } from '@anc/core';
import { z } from 'zod';
import { MlpDiscriminator, mlpSchema } from './mlp.js';

/** The fully connected discriminators of Table 1, best first. */
const table1 = [
  [128, 256, 128],
  [64, 128, 256],
  [256, 256],
  [256, 128, 64],
  [64, 128, 128, 64],
  [500, 500],
  [256, 256, 64],
  [64, 64],
  [128, 128, 128],
];

export const discriminators: NonNullable<Contributions['discriminators']> = {
  mlp: {
    summary: 'fully connected layers of any widths',
    options: mlpSchema,
    create: (options: z.infer<typeof mlpSchema>) => new MlpDiscriminator(options),
  },
  ...Object.fromEntries(
    table1.map((units) => [
      units.join('-'),
      {
        summary: `fully connected, ${units.join('-')} units (Table 1)`,
        options: z.strictObject({}),
        create: () => new MlpDiscriminator({ units }),
      },
    ]),
  ),
};

export { MlpDiscriminator };

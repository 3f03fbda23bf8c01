import type { Contributions } from '@anc/core';
import { z } from 'zod';
import { AuxiliaryClassifierDiscriminator, ProjectionDiscriminator } from './conditional.js';
import { ConvDiscriminator, convSchema } from './conv.js';
import { MlpDiscriminator, mlpSchema } from './mlp.js';
import { SpectrallyNormalized } from './spectral-norm.js';

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
    summary: 'fully connected layers',
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
  conv: {
    summary: 'convolutions, over the plane of an image or along a vector',
    options: convSchema,
    create: (options: z.infer<typeof convSchema>) => new ConvDiscriminator(options),
  },
  '128conv-256conv': {
    summary: 'convolutional, 128-256 filters (Table 1)',
    options: z.strictObject({}),
    create: () => new ConvDiscriminator({ filters: [128, 256] }),
  },
  projection: {
    summary: "fully connected, conditioned on the label or the teacher's prediction (Miyato & Koyama 2018)",
    options: mlpSchema,
    create: (options: z.infer<typeof mlpSchema>) => new ProjectionDiscriminator(options),
  },
  'auxiliary-classifier': {
    summary: 'fully connected, with a second head that predicts the class (Xu 2018)',
    options: mlpSchema,
    create: (options: z.infer<typeof mlpSchema>) => new AuxiliaryClassifierDiscriminator(options),
  },
};

export {
  AuxiliaryClassifierDiscriminator,
  ConvDiscriminator,
  MlpDiscriminator,
  ProjectionDiscriminator,
  SpectrallyNormalized,
};

import type { Contributions, GeneratorEnvironment } from '@anc/core';
import { z } from 'zod';
import { ConvGenerator, convGeneratorSchema } from './conv.js';
import { NoiseGenerator } from './noise.js';

export const generators: NonNullable<Contributions['generators']> = {
  conv: {
    summary: 'upsampling and convolutions from noise, with batch norm (DAFL, Chen 2019; DFAD, Fang 2019)',
    options: convGeneratorSchema,
    create: (options: z.infer<typeof convGeneratorSchema>, environment: GeneratorEnvironment) =>
      new ConvGenerator(options, environment),
  },
  noise: {
    summary: 'control: pixels of noise, nothing is trained',
    options: z.strictObject({}),
    create: (_options: object, environment: GeneratorEnvironment) => new NoiseGenerator(environment),
  },
};

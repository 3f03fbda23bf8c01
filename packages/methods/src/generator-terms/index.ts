import type { Contributions } from '@anc/core';
import {
  activation,
  batchNormStatistics,
  classBalance,
  confidence,
  diversity,
  weightSchema,
} from './generator-terms.js';

export const generatorTerms: NonNullable<Contributions['generatorTerms']> = {
  'class-balance': {
    summary: "entropy of the teacher's mean answer: all classes alike (DAFL, Chen 2019)",
    options: weightSchema(5),
    create: classBalance,
  },
  confidence: {
    summary: "certainty of the teacher's answers (DAFL, Chen 2019)",
    options: weightSchema(1),
    create: confidence,
  },
  activation: {
    summary: "size of the teacher's features (DAFL, Chen 2019)",
    options: weightSchema(0.1),
    create: activation,
  },
  'batch-norm': {
    summary: "statistics of the teacher's batch norms, where it has some (DeepInversion, Yin 2020)",
    options: weightSchema(1),
    create: batchNormStatistics,
  },
  diversity: {
    summary: 'different noise gives different images (mode seeking, Mao 2019)',
    options: weightSchema(0.1),
    create: diversity,
  },
};

import type { Contributions } from '@anc/core';
import {
  absoluteSchema,
  jensenShannonDiscrepancy,
  klDiscrepancy,
  l1Discrepancy,
  logL1Discrepancy,
  softenedSchema,
} from './discrepancies.js';

export const discrepancies: NonNullable<Contributions['discrepancies']> = {
  l1: {
    summary: 'mean absolute difference of the logits (DFAD, Fang 2019)',
    options: absoluteSchema,
    create: l1Discrepancy,
  },
  'log-l1': {
    summary: "log(1 + l1), as in DFAD's code",
    options: absoluteSchema,
    create: logL1Discrepancy,
  },
  kl: {
    summary: 'KL divergence of the softened predictions (Hinton 2015)',
    options: softenedSchema(1),
    create: klDiscrepancy,
  },
  'jensen-shannon': {
    summary: 'Jensen-Shannon divergence of the softened predictions (DeepInversion, Yin 2020)',
    options: softenedSchema(3),
    create: jensenShannonDiscrepancy,
  },
};

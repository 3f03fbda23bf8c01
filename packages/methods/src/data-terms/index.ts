import type { Contributions } from '@anc/core';
import { deprecatedContribution } from '../options/index.js';
import {
  dkdSchema,
  dkdTerm,
  klSchema,
  klTerm,
  l1Schema,
  l1TermOf,
  l2Schema,
  l2Term,
  standardizedSchema,
  standardizedTerm,
} from './data-terms.js';
import { distSchema, distTerm } from './dist.js';
import { pktSchema, pktTerm } from './pkt.js';
import { rkdSchema, rkdTerm } from './rkd.js';
import { similaritySchema, similarityTerm } from './similarity.js';

const standardized = {
  summary: 'KL divergence of standardized logits with a temperature (Sun 2024)',
  options: standardizedSchema,
  create: standardizedTerm,
};

export const dataTerms: NonNullable<Contributions['dataTerms']> = {
  l2: {
    summary: 'squared distance of the logits, Eq. 3 (Ba & Caruana 2014)',
    options: l2Schema,
    create: l2Term,
  },
  kl: {
    summary: 'KL divergence of the softened predictions, without labels (Hinton 2015)',
    options: klSchema,
    create: klTerm,
  },
  dkd: {
    summary: "decoupled distillation, the target class is the teacher's prediction (Zhao 2022)",
    options: dkdSchema,
    create: dkdTerm,
  },
  standardized,
  standardised: deprecatedContribution(standardized, 'standardized'),
  l1: {
    summary: 'mean absolute difference of the logits',
    options: l1Schema,
    create: l1TermOf,
  },
  similarity: {
    summary: 'similarities between the images of a batch, from features of any width (Tung & Mori 2019)',
    options: similaritySchema,
    create: similarityTerm,
  },
  rkd: {
    summary: 'distances and angles between the images of a batch, from features of any width (Park 2019)',
    options: rkdSchema,
    create: rkdTerm,
  },
  pkt: {
    summary: 'neighbors among the images of a batch, from features of any width (Passalis & Tefas 2018)',
    options: pktSchema,
    create: pktTerm,
  },
  dist: {
    summary: 'correlation of the probabilities between classes and between images (Huang 2022)',
    options: distSchema,
    create: distTerm,
  },
};

export {
  distSchema,
  distTerm,
  dkdSchema,
  klSchema,
  klTerm,
  l2Schema,
  l2Term,
  pktSchema,
  pktTerm,
  rkdSchema,
  rkdTerm,
  similaritySchema,
  similarityTerm,
};

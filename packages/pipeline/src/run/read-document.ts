import { decodeNumbers } from '@anc/core';

/** Fields of result documents that hold numbers; all other strings stay text. */
const NUMERIC = [
  'testError',
  'testTop5Error',
  'parameters',
  'flops',
  'seconds',
  'validationError',
  'validationAgreement',
  'best',
  'bytes',
  'agreement',
  'diagnostics',
  'difference',
  'game',
];

/** Parses a result document, with the numbers that JSON cannot hold. */
export const readDocument = <R>(text: string): R => decodeNumbers<R>(JSON.parse(text), NUMERIC);

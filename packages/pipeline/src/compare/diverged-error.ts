import { AncError } from '@anc/core';
import type { CompareResult, DivergedMethod } from './documents.js';

/** The error that a comparison ends with where trainings diverged; null where none did. */
export function divergedComparison({ diverged = [] }: Pick<CompareResult, 'diverged'>): AncError | null {
  return errorOf(diverged, 'the other methods are compared');
}

/** The same of a reproduction. */
export const divergedReproduction = ({ diverged = [] }: Pick<CompareResult, 'diverged'>): AncError | null =>
  errorOf(diverged, 'the other rows are measured');

function errorOf(diverged: readonly DivergedMethod[], others: string): AncError | null {
  if (diverged.length === 0) return null;
  const [first] = diverged;
  const names = diverged.map(({ name }) => name).join(', ');
  return new AncError('ANC_DIVERGED', `training of ${names} diverged; ${others}.`, {
    expected: 'numbers with every seed',
    received: `${first!.name}, seed ${first!.seeds[0]}: ${first!.message}`,
    hint: 'start again with a lower --learning-rate: the same for all methods and seeds.',
  });
}

import { AncError } from '@anc/core';
import type { RunResult } from '../events/documents.js';

/**
 * The error that a run ends with where students diverged, after everything else is finished and written; null where none
 * did. `again`: what continues the run.
 */
export function divergedError(
  { diverged = [] }: Pick<RunResult, 'diverged'>,
  again: string,
): AncError | null {
  if (diverged.length === 0) return null;
  const [first] = diverged;
  const names = diverged.map(({ name }) => name).join(', ');
  return new AncError(
    'ANC_DIVERGED',
    `training of ${names} diverged; what else was to be trained is finished.`,
    {
      expected: 'numbers',
      received: `${first!.name}, epoch ${first!.epoch}: ${first!.message}`,
      hint: `continue from the last checkpoint, which is finite, with a lower rate: ${again}.`,
    },
  );
}

import { AncError } from '@anc/core';

/** Thrown to the caller of an aborted run. */
export const interruptedError = (what: string): AncError =>
  new AncError('ANC_INTERRUPTED', `the run was aborted; ${what}.`);

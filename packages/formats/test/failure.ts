import { isAncError, type AncError } from '@anc/core';

/** The AncError that a function throws; other errors are passed on. */
export function failure(f: () => unknown): AncError {
  try {
    f();
  } catch (error) {
    if (isAncError(error)) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

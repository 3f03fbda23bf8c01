import { AncError, isAncError } from '@anc/core';

/** What the process ends with. */
export const EXIT = { ok: 0, failed: 1, refused: 2, interrupted: 130 } as const;

/** An error after work had begun: something is on disk, and the request itself was all right. */
export class WorkError extends Error {
  constructor(readonly original: unknown) {
    super('failed after work began', { cause: original });
  }
}

export interface Failure {
  readonly code: string;
  readonly message: string;
  /** Message, expectation and hint, for people. */
  readonly text: string;
  readonly exit: number;
}

/** An engine that fails says nothing of the request, whenever it does. */
const refused = (code: string): boolean => code !== 'ANC_ENGINE';

/** What went wrong, for people, for programs and for the shell. */
export function failureOf(thrown: unknown): Failure {
  const began = thrown instanceof WorkError;
  const error = began ? thrown.original : thrown;
  if (isAncError(error)) {
    const text = AncError.prototype.describe.call(error);
    return {
      code: error.code,
      message: text,
      text,
      exit: began || !refused(error.code) ? EXIT.failed : EXIT.refused,
    };
  }
  const message = error instanceof Error ? error.message : String(error);
  const text = error instanceof Error ? (error.stack ?? message) : message;
  return { code: 'ANC_INTERNAL', message, text, exit: EXIT.failed };
}

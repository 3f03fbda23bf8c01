import { AncError, isAncError, type AncErrorDetail } from '@anc/core';

/** Exit codes of the process. */
export const EXIT = { ok: 0, failed: 1, refused: 2, interrupted: 130 } as const;

export interface Failure {
  readonly code: string;
  readonly message: string;
  /** What an AncError says besides, for programs. */
  readonly detail: Pick<AncErrorDetail, 'expected' | 'received' | 'hint' | 'path'>;
  /** Message, expectation and hint, for people. */
  readonly text: string;
  readonly exit: number;
}

/** A failing engine says nothing about the request. */
const refused = (code: string): boolean => code !== 'ANC_ENGINE';

/** The pipeline marks errors that came after work had begun. */
const hasWorkBegun = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && Symbol.for('@anc/work-began') in error;

/** An error for people, for programs and for the shell. `began`: work had begun in any case. */
export function failureOf(error: unknown, began = hasWorkBegun(error)): Failure {
  if (isAncError(error)) {
    const text = AncError.prototype.describe.call(error);
    const exit = began || !refused(error.code) ? EXIT.failed : EXIT.refused;
    const { expected, received, hint, path } = error.detail;
    const detail = Object.fromEntries(
      Object.entries({ expected, received, hint, path }).filter(([, value]) => value !== undefined),
    );
    return { code: error.code, message: text, detail, text, exit };
  }
  const message = error instanceof Error ? error.message : String(error);
  const text = error instanceof Error ? (error.stack ?? message) : message;
  return { code: 'ANC_INTERNAL', message, detail: {}, text, exit: EXIT.failed };
}

import { AncError, isAncError, type AncErrorDetail } from './error.js';

/** An error as one process sends it to another: without its cause. */
export interface SentError {
  /** Null for an error that is no `AncError`. */
  readonly code: `ANC_${string}` | null;
  readonly message: string;
  /** Of an error that is no `AncError`, which is a fault of a program. */
  readonly stack?: string | undefined;
  readonly detail: Pick<AncErrorDetail, 'expected' | 'received' | 'hint'>;
}

/** An error in a form that JSON holds. */
export function sentError(error: unknown): SentError {
  if (!isAncError(error)) {
    return error instanceof Error
      ? { code: null, message: error.message, stack: error.stack, detail: {} }
      : { code: null, message: String(error), detail: {} };
  }
  const { expected, received, hint } = error.detail;
  return {
    code: error.code as `ANC_${string}`,
    message: error.message,
    detail: {
      ...(expected !== undefined && { expected }),
      ...(received !== undefined && { received }),
      ...(hint !== undefined && { hint }),
    },
  };
}

/**
 * The error that another process sent.
 *
 * @param otherwise code of an error that had none; null: it stays a plain error.
 */
export function receivedError(
  { code, message, stack, detail }: SentError,
  otherwise: `ANC_${string}` | null = null,
): Error {
  const known = code ?? otherwise;
  if (known !== null) return new AncError(known, message, detail);
  const error = new Error(message);
  if (stack !== undefined) error.stack = stack;
  return error;
}

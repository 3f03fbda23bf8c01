import { AncError, isAncError } from '../errors/error.js';

/** An error as ranks send it to each other; without its cause. */
interface SentError {
  readonly code: `ANC_${string}`;
  readonly message: string;
  readonly expected?: string;
  readonly received?: string;
  readonly hint?: string;
}

export function encodeError(error: unknown): Uint8Array {
  const message = error instanceof Error ? error.message : String(error);
  const sent: SentError = isAncError(error)
    ? { code: error.code as `ANC_${string}`, message, ...textsOf(error) }
    : { code: 'ANC_RANK_FAILED', message };
  return new TextEncoder().encode(JSON.stringify(sent));
}

/** The error of another rank, with its code: what a diverged training does is the same wherever it was found. */
export function decodeError(bytes: Uint8Array, rank: number): AncError {
  const { code, message, ...detail } = JSON.parse(new TextDecoder().decode(bytes)) as SentError;
  return new AncError(code, `rank ${rank}: ${message}`, detail);
}

function textsOf({ detail: { expected, received, hint } }: AncError): Partial<SentError> {
  return {
    ...(expected !== undefined && { expected }),
    ...(received !== undefined && { received }),
    ...(hint !== undefined && { hint }),
  };
}

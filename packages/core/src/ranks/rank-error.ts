import type { AncError } from '../errors/error.js';
import { receivedError, sentError, type SentError } from '../errors/sent-error.js';

export const encodeError = (error: unknown): Uint8Array =>
  new TextEncoder().encode(JSON.stringify(sentError(error)));

/** The error of another rank, with its code: what a diverged training does is the same wherever it was found. */
export function decodeError(bytes: Uint8Array, rank: number): AncError {
  const sent = JSON.parse(new TextDecoder().decode(bytes)) as SentError;
  return receivedError({ ...sent, message: `rank ${rank}: ${sent.message}` }, 'ANC_RANK_FAILED') as AncError;
}

import { setTimeout as sleep } from 'node:timers/promises';
import { AncError } from '@anc/core';

/** Where a batch goes, and how long it is tried. */
export interface Endpoint {
  readonly url: string;
  /** Headers of every request, such as a key. */
  readonly headers: Readonly<Record<string, string>>;
  /** Seconds until a request is given up. */
  readonly timeout: number;
  /** How often a request is repeated after a failure that may pass. */
  readonly retries: number;
  /** Milliseconds before the first repetition; each further one waits twice as long. */
  readonly backoff: number;
  readonly signal?: AbortSignal;
}

/** What an endpoint answered. */
export interface Answer {
  readonly type: string;
  readonly body: Uint8Array;
}

/** Answers that another attempt may change: too slow, too many requests, a failing server. */
const PASSING = new Set([408, 425, 429, 500, 502, 503, 504]);
/** Seconds that a server may ask to wait. */
const LONGEST_WAIT = 60;

/**
 * Posts a body and returns the answer. A connection that fails, an answer that is late, and the codes 408, 425, 429 and 5xx
 * are tried again.
 *
 * @throws `ANC_TEACHER_ENDPOINT` where the endpoint refuses the key or the request, or fails in every attempt
 */
export async function postBatch(
  endpoint: Endpoint,
  type: string,
  headers: Readonly<Record<string, string>>,
  body: string | Uint8Array,
): Promise<Answer> {
  const { url, retries, backoff, timeout, signal } = endpoint;
  let problem = '';
  for (let attempt = 0; attempt <= retries; attempt++) {
    signal?.throwIfAborted();
    let wait = backoff * 2 ** attempt;
    try {
      const limit = AbortSignal.timeout(1000 * timeout);
      const response = await fetch(url, {
        method: 'POST',
        redirect: 'manual', // a key goes to the named address alone
        headers: { ...endpoint.headers, ...headers, 'content-type': type },
        body: typeof body === 'string' ? body : new Uint8Array(body),
        signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
      });
      if (response.ok) {
        return {
          type: response.headers.get('content-type') ?? '',
          body: new Uint8Array(await response.arrayBuffer()),
        };
      }
      problem = `${response.status} ${response.statusText}: ${(await response.text()).slice(0, 200)}`.trim();
      if (!PASSING.has(response.status)) throw refused(url, response.status, problem);
      const asked = Number(response.headers.get('retry-after'));
      if (asked > 0) wait = 1000 * Math.min(asked, LONGEST_WAIT);
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof AncError) throw error;
      problem = reasonOf(error, timeout);
    }
    if (attempt === retries) break;
    await sleep(wait, undefined, signal === undefined ? {} : { signal }).catch((error: unknown) => {
      signal?.throwIfAborted(); // with its own reason
      throw error;
    });
  }
  throw new AncError('ANC_TEACHER_ENDPOINT', `the teacher at ${shownUrl(url)} gives no answer.`, {
    expected: `an answer within ${retries + 1} attempts of ${timeout} s`,
    received: problem,
    hint: 'check that the server runs, and that it takes a batch of this size in that time.',
  });
}

function refused(url: string, status: number, received: string): AncError {
  const isKey = status === 401 || status === 403;
  const what = isKey ? 'refuses the key' : 'refuses the request';
  return new AncError('ANC_TEACHER_ENDPOINT', `the teacher at ${shownUrl(url)} ${what}.`, {
    received,
    hint: isKey
      ? 'set ANC_TEACHER_KEY, or the header that the server wants, to a key that it knows.'
      : 'compare what is sent with what the server expects: docs/teacher.md describes both.',
  });
}

function reasonOf(error: unknown, timeout: number): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `no answer within ${timeout} s`;
  const { cause } = error;
  return cause instanceof Error && cause.message !== ''
    ? `${error.message}: ${cause.message}`
    : error.message;
}

/** An address without a name and password, and without its query, which may hold a key. */
export function shownUrl(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}

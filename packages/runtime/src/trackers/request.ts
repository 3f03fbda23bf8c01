/** Longest time that a run waits for a server. */
const TIMEOUT = 10_000;

/** What JSON has no numbers for, as protobuf and Trackio write it. */
export const jsonNumber = (value: number): number | string =>
  Number.isFinite(value) ? value : String(value);

/**
 * Sends JSON and reads the JSON that is answered. Throws an Error whose message says what went wrong: no answer, another
 * status than 2xx, no JSON. It has nothing of the headers in it.
 */
export async function requestJson<T>(
  method: 'GET' | 'POST',
  url: string,
  headers: Readonly<Record<string, string>>,
  body?: unknown,
): Promise<T> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, {
      method,
      headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT),
      redirect: 'error', // credentials go to the server that was named
    });
    text = await response.text();
  } catch (error) {
    const { cause, name } = error as Error & { readonly cause?: { readonly code?: string } };
    const what = name === 'TimeoutError' ? 'no answer' : 'the request failed';
    throw new Error(cause?.code ?? what, { cause: error });
  }
  if (!response.ok) throw new RefusedRequest(response.status, text.slice(0, 300));
  try {
    return (text === '' ? {} : JSON.parse(text)) as T;
  } catch {
    throw new Error(`its answer is no JSON: ${text.slice(0, 80)}`);
  }
}

/** An answer with another status than 2xx. */
export class RefusedRequest extends Error {
  constructor(
    readonly status: number,
    readonly text: string,
  ) {
    super(`status ${status}: ${text}`);
  }
}

/** An address without its credentials, its query and the slash at its end; throws a TypeError where it is none of HTTP. */
export function httpAddress(text: string): URL {
  const url = new URL(text);
  if (!/^https?:$/.test(url.protocol)) throw new TypeError(`${url.protocol} is not http or https`);
  return url;
}

/** The address that requests are made of, without credentials and query. */
export const baseOf = ({ origin, pathname }: URL): string => origin + pathname.replace(/\/+$/, '');

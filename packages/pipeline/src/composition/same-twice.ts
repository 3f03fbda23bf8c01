import { createHash } from 'node:crypto';
import { AncError } from '@anc/core';
import { Uses, usesInWords, watchingSources } from '@anc/core/internal';

/**
 * Runs code of a plugin twice, at different times, and compares what it returns.
 *
 * @param what the component as errors call it.
 * @param member the function, for errors.
 * @param code the same call each time; what it returns is compared as JSON.
 * @throws `ANC_PLUGIN` where the two differ: it draws its own random numbers, asks for the time or remembers something.
 */
export function sameTwice<T>(what: string, member: string, code: () => T): T {
  const uses = new Uses();
  const [first, second] = [watchingSources(uses, 0, code), watchingSources(uses, 1, code)];
  const [a, b] = [inWords(first), inWords(second)];
  if (a === b) return first;
  throw new AncError('ANC_PLUGIN', `${what}: ${member} gives another result for the same arguments.`, {
    expected: `the same both times, the first time ${a.slice(0, 100)}`,
    received: usesInWords(b.slice(0, 100), uses),
    hint: 'take randomness from the rng that it receives, not from Math.random or Date, and remember nothing.',
  });
}

/** JSON, in which numbers that are not finite differ from each other, and typed arrays are digests of their bytes. */
function inWords(value: unknown): string {
  const text: unknown = JSON.stringify(value, (_key, inner: unknown) =>
    ArrayBuffer.isView(inner) ? digest(inner) : typeof inner === 'number' ? String(inner) : inner,
  );
  return typeof text === 'string' ? text : String(value);
}

const digest = ({ buffer, byteOffset, byteLength }: ArrayBufferView): string =>
  createHash('sha256')
    .update(new Uint8Array(buffer, byteOffset, byteLength))
    .digest('hex');

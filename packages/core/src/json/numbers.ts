/**
 * Numbers that JSON cannot hold. NaN and ±Infinity are written as the strings "NaN", "Infinity" and "-Infinity",
 * since `null`, which JSON.stringify would write, hides a divergence.
 *
 * Text can be one of these strings too (a class, a run or a model may be called "NaN"), and the document itself does
 * not say which it is. So reading goes by field names: `decodeNumbers` turns such a string into a number only at or
 * below a field that its caller lists as numeric. A document's list stands beside its type, for example
 * `['testError', 'agreement', 'diagnostics']`; everywhere else strings stay strings.
 */
import type { Json } from './json.js';

const WORDS: ReadonlyMap<unknown, number> = new Map([
  ['NaN', NaN],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
]);

/**
 * Copies a value of any depth for JSON.stringify: numbers that JSON cannot hold become strings, fields that are
 * undefined are left out.
 */
export function encodeNumbers(value: unknown): Json {
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (Array.isArray(value)) return value.map((inner) => encodeNumbers(inner ?? null));
  if (typeof value !== 'object' || value === null) return value as Json;
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return Object.fromEntries(entries.map(([key, inner]) => [key, encodeNumbers(inner)]));
}

/** One number as `encodeNumbers` wrote it; NaN for anything that is none. */
export const decodeNumber = (value: unknown): number =>
  typeof value === 'number' ? value : (WORDS.get(value) ?? NaN);

/**
 * Undoes `encodeNumbers` on a parsed document of any depth.
 *
 * @param fields names of the numeric fields, at any depth: strings at or below them become numbers, others stay.
 *   Leave it out only for a value that holds no text at all, such as a tree of metrics.
 * @returns a copy; the caller vouches for its type.
 */
export function decodeNumbers<T>(value: unknown, fields?: readonly string[]): T {
  const numeric = fields && new Set(fields);
  const decode = (inner: unknown, isNumeric: boolean): unknown => {
    if (isNumeric && WORDS.has(inner)) return WORDS.get(inner);
    if (Array.isArray(inner)) return inner.map((element) => decode(element, isNumeric));
    if (typeof inner !== 'object' || inner === null) return inner;
    return Object.fromEntries(
      Object.entries(inner).map(([key, field]) => [
        key,
        decode(field, isNumeric || numeric?.has(key) === true),
      ]),
    );
  };
  return decode(value, numeric === undefined) as T;
}

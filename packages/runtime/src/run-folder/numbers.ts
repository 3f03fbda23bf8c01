/**
 * Replaces non-finite numbers, at any depth, by the words NaN, Infinity and -Infinity: JSON has only `null` for them,
 * which would hide a divergence.
 */
export function encodeNumbers(value: unknown): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  return mapValues(value, encodeNumbers);
}

/** Inverse of `encodeNumbers`: the three words become numbers, at any depth. */
export function decodeNumbers(value: unknown): unknown {
  if (value === 'NaN' || value === 'Infinity' || value === '-Infinity') return Number(value);
  return mapValues(value, decodeNumbers);
}

function mapValues(value: unknown, map: (inner: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map(map);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, map(inner)]));
}

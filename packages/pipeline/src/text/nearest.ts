import { closest, distance } from 'fastest-levenshtein';

/** The known word that a misspelt one most likely means, or null where none is near. */
export function nearest(word: string, known: readonly string[]): string | null {
  if (known.length === 0) return null;
  const best = closest(word, known);
  const far = Math.max(2, Math.ceil(Math.max(word.length, best.length) / 3));
  return distance(word, best) <= far || best.startsWith(word) ? best : null;
}

/** `did you mean "…"?`, or null. */
export function suggestion(word: string, known: readonly string[]): string | null {
  const best = nearest(word, known);
  return best === null ? null : `did you mean "${best}"?`;
}

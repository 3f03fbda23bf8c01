import { pythonLiteral, type PythonValue } from './python-literal.js';

/**
 * The names of classes in a model's metadata: a list, a dictionary from index to name or from name to index (JSON, or as
 * Python prints them), or text separated by commas, semicolons or lines. Null where there are none, `unreadable` where
 * the text looks like names and is none of these.
 */
export function namesIn(text: string | undefined): readonly string[] | 'unreadable' | null {
  if (text === undefined) return null;
  const value = pythonLiteral(text);
  if (value === undefined) return separatedNames(text) ?? pairsAnywhere(text);
  if (value === null || typeof value !== 'object') return null; // a number of classes, or one word
  const names = 'pairs' in value ? ofPairs(value.pairs) : ofList(value);
  return names === null || names.length === 0 ? 'unreadable' : names;
}

function ofList(list: readonly PythonValue[]): readonly string[] | null {
  const isPairs = list.every((item) => Array.isArray(item) && item.length === 2);
  if (isPairs) return ofPairs(list as readonly (readonly [PythonValue, PythonValue])[]);
  const names = list.map((item, index) => nameOf(item, index));
  return names.every((name) => name !== null) ? names : null;
}

/** Pairs of index and name, or of name and index, with the indices 0 to n - 1. */
function ofPairs(pairs: readonly (readonly [PythonValue, PythonValue])[]): readonly string[] | null {
  const isIndex = (value: PythonValue): boolean =>
    typeof value === 'number' || (typeof value === 'string' && /^\d+$/.test(value.trim()));
  const indexFirst = pairs.every(([key]) => isIndex(key));
  const names = new Map(
    pairs.map(([key, value]) => {
      const [index, name] = indexFirst ? [key, value] : [value, key];
      return [isIndex(index) ? Number(index) : NaN, nameOf(name, Number(index))];
    }),
  );
  const ordered = Array.from({ length: pairs.length }, (_, index) => names.get(index) ?? null);
  return ordered.every((name) => name !== null) ? ordered : null;
}

/** A class without a name is called by its index; the last of several names (`['n01440764', 'tench']`) is the word. */
function nameOf(value: PythonValue, index: number): string | null {
  if (value === null) return String(index);
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  const last = Array.isArray(value) ? (value as readonly PythonValue[]).at(-1) : undefined;
  return typeof last === 'string' ? last : null;
}

function separatedNames(text: string): readonly string[] | null {
  if (/[[\](){}]/.test(text)) return null;
  const separator = ['\n', ';', ','].find((sign) => text.trim().includes(sign));
  if (separator === undefined) return null;
  const names = text
    .trim()
    .split(separator)
    .map((name) => name.trim().replace(/^(['"])(.*)\1$/, '$2'));
  return names.every((name) => name !== '') ? names : null;
}

/** Pairs of index and quoted name within a text that is no literal. */
function pairsAnywhere(text: string): readonly string[] | 'unreadable' | null {
  const found = [...text.matchAll(/(\d{1,9})\s*:\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")/g)];
  const pairs = found.map(
    ([, index, single = '', double]) => [Number(index), (double ?? single).replace(/\\(.)/g, '$1')] as const,
  );
  if (pairs.length > 0) return ofPairs(pairs) ?? 'unreadable';
  return /[[\](){},;]/.test(text) ? 'unreadable' : null;
}

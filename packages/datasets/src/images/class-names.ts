/**
 * Order of class names in which numbers sort as numbers: 2 before 10, `class_2` before `class_10`. Everything else sorts
 * by code units, the same on every system.
 */
export function naturalOrder(a: string, b: string): number {
  const [left, right] = [parts(a), parts(b)];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const [x, y] = [left[i]!, right[i]!];
    if (x === y) continue;
    const numbers = isDigits(x) && isDigits(y);
    const order = numbers ? compareNumbers(x, y) : byCodeUnits(x, y);
    if (order !== 0) return order;
  }
  return left.length - right.length || byCodeUnits(a, b);
}

export const byCodeUnits = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Runs of digits, and what is between them. */
const parts = (text: string): string[] => text.match(/\d+|\D+/g) ?? [];
const isDigits = (text: string): boolean => /^\d/.test(text);

/** By value, without a limit of size. */
function compareNumbers(a: string, b: string): number {
  const [x, y] = [a, b].map((text) => text.replace(/^0+(?=\d)/, '')) as [string, string];
  return x.length - y.length || byCodeUnits(x, y);
}

/** What equal class names have in common: letter case, hyphens, underscores and spaces do not count. */
export const classKey = (name: string): string =>
  name
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[-_\s]+/g, ' ')
    .trim();

/**
 * For each of `names` the index in `known` of the same name, or -1: the exact name first, else the only one with the
 * same `classKey`.
 */
export function matchNames(names: readonly string[], known: readonly string[]): Int32Array {
  const exact = new Map(known.map((name, i) => [name, i]));
  const byKey = new Map<string, number>();
  known.forEach((name, i) => byKey.set(classKey(name), byKey.has(classKey(name)) ? -1 : i));
  const found = Int32Array.from(names, (name) => exact.get(name) ?? byKey.get(classKey(name)) ?? -1);
  const taken = new Map<number, number>();
  found.forEach((index) => taken.set(index, (taken.get(index) ?? 0) + 1));
  // Two names that would share one: only the exact one gets it.
  return found.map((index, i) => (taken.get(index)! > 1 && known[index] !== names[i] ? -1 : index));
}

/** Characters of a value in a message. */
const LONGEST = 300;

/** A value as messages show it, in brief. */
export function shown(value: unknown): string {
  const text =
    typeof value === 'string'
      ? value
      : typeof value === 'number' || typeof value === 'function' || value === undefined
        ? String(value)
        : json(value);
  const line = text === '' ? '(nothing)' : text;
  return line.length <= LONGEST ? line : `${line.slice(0, LONGEST)} …`;
}

const json = (value: unknown): string => {
  const text: unknown = JSON.stringify(value, (_, part: unknown) => plain(part));
  return typeof text === 'string' ? text : String(value);
};

/** Typed arrays as arrays, and numbers that JSON does not have as text. */
const plain = (part: unknown): unknown =>
  typeof part === 'number' && !Number.isFinite(part)
    ? String(part)
    : ArrayBuffer.isView(part) && !(part instanceof DataView)
      ? Array.from(part as unknown as ArrayLike<number>)
      : part;

/** Whether two values are shown alike, element by element. */
export const same = (one: unknown, other: unknown): boolean =>
  Object.is(one, other) || shownWhole(one) === shownWhole(other);
const shownWhole = (value: unknown): string => `${typeof value} ${json(value)}`;

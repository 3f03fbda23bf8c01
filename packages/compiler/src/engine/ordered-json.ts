/** JSON in which the order of an object's entries makes no difference: a state that was read from a checkpoint has another one. */
export const orderedJson = (value: unknown): string =>
  JSON.stringify(value, (_, each: unknown) => ordered(each));

function ordered(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Functions of `node:util` that tfjs-node calls and Node 23 removed. */
const removed: Readonly<Record<string, (value: unknown) => boolean>> = {
  isArray: Array.isArray,
  isBoolean: (value) => typeof value === 'boolean',
  isFunction: (value) => typeof value === 'function',
  isNull: (value) => value === null,
  isNullOrUndefined: (value) => value === null || value === undefined,
  isNumber: (value) => typeof value === 'number',
  isObject: (value) => typeof value === 'object' && value !== null,
  isPrimitive: (value) => (typeof value !== 'object' && typeof value !== 'function') || value === null,
  isString: (value) => typeof value === 'string',
  isSymbol: (value) => typeof value === 'symbol',
  isUndefined: (value) => value === undefined,
};

/** Restores the old predicates of `node:util`, which are removed or deprecated. */
export function restoreUtil(util: Record<string, unknown>): void {
  for (const [name, predicate] of Object.entries(removed)) {
    if (name === 'isArray' && util.isArray !== undefined) continue; // not deprecated: it is Array.isArray
    Object.defineProperty(util, name, { value: predicate, configurable: true, writable: true });
  }
}

/** Runs `load` without deprecation warnings, which would be about other people's code. */
export async function withoutDeprecations<T>(load: () => Promise<T>): Promise<T> {
  const before = process.noDeprecation;
  process.noDeprecation = true;
  try {
    return await load();
  } finally {
    process.noDeprecation = before ?? false;
  }
}

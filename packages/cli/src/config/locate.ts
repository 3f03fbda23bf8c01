import { AncError, isAncError } from '@anc/core';

/** Where in a configuration file an option stands; null where it does not come from one. */
export type PlaceOf = (path: readonly PropertyKey[], unknownKey?: string) => string | null;

/** For options that no file gave. */
export const nowhere: PlaceOf = () => null;

/** What the checks of a name and its options throw. */
const LOCATABLE = ['ANC_UNKNOWN', 'ANC_OPTIONS'];

/** The same error with the place in front, where the option at `path` comes from a file. */
export function locate(error: unknown, path: readonly PropertyKey[], place: PlaceOf): unknown {
  if (!isAncError(error) || !LOCATABLE.includes(error.code)) return error;
  const { keys = [], path: inner = [] } = (error.detail.cause ?? {}) as {
    keys?: readonly string[];
    path?: readonly (PropertyKey | { readonly key: PropertyKey })[];
  };
  const deeper = inner.map((part) => (typeof part === 'object' ? part.key : part));
  const where = place([...path, ...deeper], keys[0]);
  if (where === null) return error;
  return new AncError(error.code as `ANC_${string}`, `${where}: ${error.message}`, error.detail);
}

/** Does `work` about the option at `path`; what is wrong with it is said with its place. */
export async function located<T>(
  path: readonly PropertyKey[],
  place: PlaceOf,
  work: () => T | Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw locate(error, path, place);
  }
}

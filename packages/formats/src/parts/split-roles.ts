import type { Part } from './part.js';
import { unwrapped } from './wrappers.js';

/** Words in the name of a copy whose weights are averages of the model's. */
const AVERAGED = /(?:^|[._])(?:ema|averaged|avg|swa|shadow)(?=$|[._\d])/i;
/** Words in the names of networks that are trained together. */
const ROLE = /(?:^|_)(?:ema|averaged|avg|swa|teacher|student|target|online|discriminator|generator)(?=$|_)/i;

/** Whether a part's name says that it holds averages of a model's weights. */
export const isAveraged = (name: string): boolean => AVERAGED.test(name);

/**
 * A part as the networks in it, by prefixes such as `teacher.` and `model_ema.` in its first two segments; their names
 * lose the prefix. What has no such prefix stays together. Wrappers are removed from all names.
 */
export function splitRoles<T>({ name, tensors }: Part<T>): Part<T>[] {
  const groups = new Map<string, Map<string, T>>();
  for (const [own, tensor] of unwrapped(tensors)) {
    const segments = own.split('.').slice(0, -1);
    const at = segments.slice(0, 2).findIndex((segment) => ROLE.test(segment));
    const prefix = segments.slice(0, at + 1).join('.');
    const rest = prefix === '' ? own : own.slice(prefix.length + 1);
    const group = groups.get(prefix) ?? new Map<string, T>();
    groups.set(prefix, group.set(rest, tensor));
  }
  return [...groups].map(([prefix, group]) => ({ name: joined(name, prefix), tensors: unwrapped(group) }));
}

export const joined = (...names: readonly string[]): string => names.filter((name) => name !== '').join('.');

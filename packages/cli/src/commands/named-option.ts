import { AncError } from '@anc/core';
import type { Named } from '../composition/registry.js';
import { parseNamed } from '../config/named.js';

/** A flag's name with options. Throws `ANC_USAGE`. */
export function namedOf(text: string, flag: string): Named {
  const named = parseNamed(text);
  if (named !== null) return named;
  throw new AncError('ANC_USAGE', `${flag}: expected name or name(option=value, …).`, { received: text });
}

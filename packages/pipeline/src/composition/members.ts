import { AncError } from '@anc/core';
import type { Kind } from './kinds.js';

/** The functions that the objective calls, by kind of component. */
const FUNCTIONS: Partial<Record<Kind, readonly string[]>> = {
  discriminators: ['init', 'apply', 'summary'],
  regularizers: ['penalty'],
  dataTerms: ['loss'],
  adversarialLosses: ['discriminator', 'student'],
  balancers: ['weight', 'next'],
};

/**
 * Checks that a part of the objective is one, before a step calls it.
 *
 * @param what it is called in the error.
 * @throws `ANC_PLUGIN` where a function or its name is missing.
 */
export function assertMembers(kind: Kind, made: unknown, what: string): void {
  const functions = FUNCTIONS[kind];
  if (functions === undefined) return;
  const members = (typeof made === 'object' && made !== null ? made : {}) as Record<string, unknown>;
  const missing = functions.filter((name) => typeof members[name] !== 'function');
  const isNamed = typeof members.name === 'string' && members.name !== '';
  if (missing.length === 0 && isNamed) return;
  throw new AncError('ANC_PLUGIN', `${what} is incomplete.`, {
    expected: `an object with a name and the functions ${functions.join(', ')}`,
    received:
      made !== members
        ? String(made)
        : `no ${[...(isNamed ? [] : ['name']), ...missing.map((name) => `${name}()`)].join(', ')}`,
    hint: 'return it from create; see docs/plugins.md.',
  });
}

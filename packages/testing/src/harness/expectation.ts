import { same, shown } from './shown.js';

/** What a value is compared with. */
export interface Expectation {
  toBe(expected: unknown): void;
  toEqual(expected: unknown): void;
  toBeLessThan(limit: number): void;
  toBeGreaterThan(limit: number): void;
}

/** A value is not what was expected; the suite adds what it is about and what to do. */
class Unmet extends Error {
  constructor(
    readonly expected: string,
    readonly received: string,
  ) {
    super(`expected ${expected}, received ${received}`);
  }
}

export const isUnmet = (error: unknown): error is Unmet => error instanceof Unmet;

/** Compares a value where the name of the test says what it is about. */
export function expectation(value: unknown): Expectation {
  const must = (holds: boolean, expected: string): void => {
    if (!holds) throw new Unmet(expected, shown(value));
  };
  return {
    toBe: (expected) => must(Object.is(value, expected), shown(expected)),
    toEqual: (expected) => must(same(value, expected), shown(expected)),
    toBeLessThan: (limit) => must((value as number) < limit, `less than ${limit}`),
    toBeGreaterThan: (limit) => must((value as number) > limit, `more than ${limit}`),
  };
}

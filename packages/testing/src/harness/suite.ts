import { isAncError } from '@anc/core';
import type { ContractRunner } from './contract-runner.js';
import { isUnmet } from './expectation.js';
import { same, shown } from './shown.js';
import { isViolation, violation } from './violation.js';

/** What a test of a suite checks with. Every failure names what was expected and received, and what to do. */
export interface Check {
  /** @throws a violation unless `holds`. `problem` continues the name of the component: `has no name`. */
  that(
    holds: boolean,
    problem: string,
    found: { readonly expected: string; readonly received: unknown },
  ): void;
  /** @throws a violation unless both are equal, element by element. */
  equal(received: unknown, expected: unknown, problem: string): void;
  /** @throws a violation where something was found. `expected`: what would have been right. */
  none(found: readonly unknown[], problem: string, expected: string): void;
}

/** Declares the tests of a contract. */
export interface Suite {
  describe(name: string, body: () => void): void;
  /** @param hint what an author does where the test fails, as an imperative sentence. */
  it(name: string, hint: string, body: (check: Check) => void | Promise<void>): void;
}

function checkOf(subject: string, hint: string): Check {
  const fail = (problem: string, expected: string, received: unknown): Error =>
    violation(`${subject} ${problem}.`, { expected, received: shown(received), hint });
  return {
    that(holds, problem, { expected, received }) {
      if (!holds) throw fail(problem, expected, received);
    },
    equal(received, expected, problem) {
      if (!same(received, expected)) throw fail(problem, shown(expected), received);
    },
    none(found, problem, expected) {
      if (found.length === 0) return;
      const rest = found.length > 3 ? `; and ${found.length - 3} more` : '';
      throw fail(problem, expected, `${found.slice(0, 3).map(shown).join('; ')}${rest}`);
    },
  };
}

/** The first place of a stack that is neither in a library nor in this package. */
function placeOf(error: Error): string {
  const own = new URL('..', import.meta.url).href;
  const lines = (error.stack ?? '').split('\n').filter((line) => /^\s*at /.test(line));
  const place = lines.find(
    (line) =>
      !/node_modules|node:|<anonymous>/.test(line) &&
      !line.includes(own) &&
      !line.includes(own.replace('file://', '')),
  );
  return place === undefined ? '' : ` ${place.trim()}`;
}

/** An error that a component threw while it was checked, as a violation. */
function thrown(error: unknown, subject: string, test: string, hint: string): Error {
  if (isViolation(error)) return error;
  if (isUnmet(error)) {
    const { expected, received } = error;
    return violation(`${subject} fails the test "${test}".`, { expected, received, hint }, error);
  }
  if (isAncError(error)) {
    const { expected = 'no error', received = error.code, hint: own = hint } = error.detail;
    return violation(error.message, { expected, received, hint: own }, error);
  }
  const received = error instanceof Error ? `${error.name}: ${error.message}${placeOf(error)}` : shown(error);
  return violation(
    `${subject} throws while it is checked: ${test}.`,
    { expected: 'no error', received, hint },
    error,
  );
}

/**
 * The tests of one component on a test runner. Whatever a test throws is reported as a violation, an error of the
 * component's own code included.
 *
 * @param subject what messages call the component: `the discriminator`.
 */
export const suiteOf = ({ describe, it }: ContractRunner, subject: string): Suite => ({
  describe,
  it: (name, hint, body) =>
    it(name, async () => {
      try {
        await body(checkOf(subject, hint));
      } catch (error) {
        throw thrown(error, subject, name, hint);
      }
    }),
});

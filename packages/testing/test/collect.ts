import { expect } from 'vitest';
import type { ContractRunner } from '../src/index.js';

/** A test of a contract that failed. */
export interface Failure {
  readonly name: string;
  readonly message: string;
}

/** Runs the tests of a contract whose path starts with `only`. @returns those that fail, with their messages. */
export async function failedTests(
  contract: (runner: ContractRunner) => void,
  only = '',
): Promise<readonly Failure[]> {
  const path: string[] = [];
  const tests: { readonly name: string; readonly body: () => void | Promise<void> }[] = [];
  contract({
    describe(name, body) {
      path.push(name);
      body();
      path.pop();
    },
    it: (name, body) => tests.push({ name: [...path, name].join(' > '), body }),
    expect,
  });
  const failed: Failure[] = [];
  for (const { name, body } of tests.filter((test) => test.name.startsWith(only))) {
    try {
      await body();
    } catch (error) {
      failed.push({ name, message: (error as Error).message });
    }
  }
  return failed;
}

/** The problem, what was expected, what was received, what to do. */
export const READABLE = /^.+\n {2}expected: .+\n {2}received: [^]+\n {2}\w.+$/;

/** Runs the tests of a contract whose path starts with `only`, and checks that failures are readable. @returns the paths of those that fail. */
export async function failuresOf(contract: (runner: ContractRunner) => void, only = ''): Promise<string[]> {
  const failed = await failedTests(contract, only);
  for (const { message } of failed) expect(message).toMatch(READABLE);
  return failed.map(({ name }) => name);
}

import { expect } from 'vitest';
import type { ContractRunner } from '../src/index.js';

/** Runs the tests of a contract whose path starts with `only`. @returns the paths of those that fail. */
export async function failuresOf(contract: (runner: ContractRunner) => void, only = ''): Promise<string[]> {
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
  const failed: string[] = [];
  for (const { name, body } of tests.filter((test) => test.name.startsWith(only))) {
    try {
      await body();
    } catch {
      failed.push(name);
    }
  }
  return failed;
}

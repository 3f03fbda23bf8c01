/** A small test runner for contract suites outside vitest: collects tests, runs them in order, counts. */
const same = (a, b) =>
  Object.is(a, b) ||
  (typeof a === 'object' &&
    typeof b === 'object' &&
    a !== null &&
    b !== null &&
    Object.keys(a).length === Object.keys(b).length &&
    Object.keys(a).every((key) => Object.hasOwn(b, key) && same(a[key], b[key])));

const show = (value) => JSON.stringify(value) ?? String(value);

function claim(holds, what) {
  if (!holds) throw new Error(what);
}

/** The assertions that contract suites use. */
const expect = (value) => ({
  toBe: (expected) => claim(Object.is(value, expected), `${show(value)} is not ${show(expected)}`),
  toEqual: (expected) => claim(same(value, expected), `${show(value)} does not equal ${show(expected)}`),
  toBeLessThan: (limit) => claim(value < limit, `${value} is not less than ${limit}`),
  toBeGreaterThan: (limit) => claim(value > limit, `${value} is not greater than ${limit}`),
  toContain: (part) => claim(value.includes(part), `${show(value)} does not contain ${show(part)}`),
});

/**
 * Runs what `suite` declares.
 * @param {(runner: object) => void} suite
 * @param {(test: string) => void} begins told of every test
 * @param {string[]} without parts of the names of tests that are left out
 * @returns {Promise<{ passed: number, leftOut: number, failures: { name: string, why: string }[] }>}
 */
export async function runSuite(suite, begins = () => {}, without = []) {
  const path = [];
  const tests = [];
  suite({
    describe(name, body) {
      path.push(name);
      body();
      path.pop();
    },
    it: (name, body) => tests.push({ name: [...path, name].join(' > '), body }),
    expect,
  });
  const failures = [];
  const chosen = tests.filter(({ name }) => !without.some((part) => name.includes(part)));
  for (const { name, body } of chosen) {
    begins(name);
    try {
      await body();
    } catch (error) {
      failures.push({ name, why: error instanceof Error ? error.message : String(error) });
    }
  }
  return {
    passed: chosen.length - failures.length,
    leftOut: tests.length - chosen.length,
    failures,
  };
}

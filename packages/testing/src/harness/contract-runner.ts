/** The functions of a test runner that the suites use; those of vitest, jest and `node:test` fit. */
export interface ContractRunner {
  /** Groups tests under a name. */
  describe(name: string, body: () => void): void;
  /** Registers a test. */
  it(name: string, body: () => void | Promise<void>): void;
  /** Not used: the suites report violations as errors whose messages say what to do. */
  expect?(value: unknown): unknown;
}

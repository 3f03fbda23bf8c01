/** The functions of a test runner that the suites use; those of vitest, jest and `node:test` fit. */
export interface ContractRunner {
  describe(name: string, body: () => void): void;
  it(name: string, body: () => void | Promise<void>): void;
  /** Not used: the suites report violations as errors whose messages say what to do. */
  expect?(value: unknown): unknown;
}

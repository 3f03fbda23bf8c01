/** The functions of a test runner that the suites use; those of vitest and jest fit. */
export interface ContractRunner {
  /** Groups tests under a name. */
  describe(name: string, body: () => void): void;
  /** Registers a test. */
  it(name: string, body: () => void | Promise<void>): void;
  /** Asserts something about a value. */
  expect(value: unknown): {
    toBe(expected: unknown): void;
    toEqual(expected: unknown): void;
    toBeLessThan(limit: number): void;
    toBeGreaterThan(limit: number): void;
    toContain(part: unknown): void;
  };
}

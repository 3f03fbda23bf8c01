/** The functions of a test runner that the suites use; those of vitest and jest fit. */
export interface ContractRunner {
  describe(name: string, body: () => void): void;
  it(name: string, body: () => void | Promise<void>): void;
  expect(value: unknown): {
    toBe(expected: unknown): void;
    toEqual(expected: unknown): void;
    toBeLessThan(limit: number): void;
    toBeGreaterThan(limit: number): void;
    toContain(part: unknown): void;
  };
}

/** What an author needs to repair a violated contract: shown after the message, one line each. */
interface ViolationDetail {
  readonly expected: string;
  readonly received: string;
  /** The next thing to do, as an imperative sentence. */
  readonly hint: string;
}

/** The error of a violated contract. Test runners print its message. */
export const violation = (problem: string, { expected, received, hint }: ViolationDetail): Error =>
  new Error(`${problem}\n  expected: ${expected}\n  received: ${received}\n  ${hint}`);

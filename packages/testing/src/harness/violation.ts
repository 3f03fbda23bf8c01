/** What an author needs to repair a violated contract: shown after the message, one line each. */
interface ViolationDetail {
  readonly expected: string;
  readonly received: string;
  /** The next thing to do, as an imperative sentence. */
  readonly hint: string;
}

/** A contract is violated. Test runners print its message: the problem, what was expected and received, what to do. */
class ContractViolation extends Error {
  override readonly name = 'ContractViolation';
}

/** The error of a violated contract. */
export const violation = (
  problem: string,
  { expected, received, hint }: ViolationDetail,
  cause?: unknown,
): Error =>
  new ContractViolation(
    `${problem}\n  expected: ${expected}\n  received: ${received}\n  ${hint}`,
    cause === undefined ? undefined : { cause },
  );

export const isViolation = (error: unknown): error is Error => error instanceof ContractViolation;

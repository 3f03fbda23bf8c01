/** What a user needs to fix an error: shown after the message, one line each. */
export interface AncErrorDetail {
  /** What was expected, e.g. a shape or a range. */
  readonly expected?: string;
  /** What came instead. */
  readonly received?: string;
  /** The next thing to do, as an imperative sentence. */
  readonly hint?: string;
  /** The option that it is about, as a path into the options: `['training', 'epochs']`. */
  readonly path?: readonly PropertyKey[];
  /** Of an error about an option: the message without the option's name in front. */
  readonly problem?: string;
  /** The package that would solve it, as a package manager takes it: `webgpu@0.6.2`. */
  readonly install?: string;
  /** The error that this one was made from. */
  readonly cause?: unknown;
}

/** Characters of a line for people. */
const LONGEST = 4000;

/** The beginning and the end of a text that is too long for people. */
const brief = (text: string): string =>
  text.length <= LONGEST
    ? text
    : `${text.slice(0, LONGEST / 2)} … (${text.length} characters) … ${text.slice(-LONGEST / 8)}`;

const BRAND = Symbol.for('@anc/error');

/**
 * The one error class of the project.
 *
 * `code` is stable (`ANC_SHAPE`, `ANC_CONFIG`, …) and safe to match on; the message is for people.
 */
export class AncError extends Error {
  /** Always `AncError`. */
  override readonly name = 'AncError';
  /** Stable code, e.g. `ANC_SHAPE`. */
  readonly code: string;
  /** What was expected, what came, what to do. */
  readonly detail: AncErrorDetail;

  constructor(code: `ANC_${string}`, message: string, detail: AncErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.code = code;
    this.detail = detail;
    Object.defineProperty(this, BRAND, { value: true });
  }

  /** Message, expectation and hint on lines of their own, each in brief: names and values in files have any length. */
  describe(): string {
    const { expected, received, hint } = this.detail;
    return [
      brief(this.message),
      expected === undefined ? null : `  expected: ${brief(expected)}`,
      received === undefined ? null : `  received: ${brief(received)}`,
      hint === undefined ? null : `  ${brief(hint)}`,
    ]
      .filter((line) => line !== null)
      .join('\n');
  }
}

/** True for an AncError of any copy of this package (`npx` can load two). */
export function isAncError(error: unknown): error is AncError {
  return typeof error === 'object' && error !== null && BRAND in error;
}

/** A tensor has another shape than its receiver expects; null is an axis of any size. */
export function shapeError(
  where: string,
  expected: readonly (number | string | null)[],
  received: readonly number[],
  hint?: string,
): AncError {
  return new AncError('ANC_SHAPE', `${where}: wrong shape.`, {
    expected: `[${expected.map((d) => d ?? '?').join(', ')}]`,
    received: `[${received.join(', ')}]`,
    ...(hint === undefined ? {} : { hint }),
  });
}

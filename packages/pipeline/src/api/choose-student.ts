import type { StudentChoice } from '../budget/choose.js';
import { limitsOf } from '../budget/limits.js';
import { studentWithin } from '../budget/student-within.js';
import { optionError } from '../options/option-error.js';
import { parseOptions } from '../options/resolve.js';
import { openBackend, asNamed } from './model-call.js';
import { assertKnown, type OptionNames } from './known-options.js';
import { CALL_OPTIONS, callOf, composeWith, type CallOptions } from './call.js';
import type { StudentBudget } from './run-input.js';
import type { BackendInput, NameInput } from './values.js';

/** Options of `chooseStudent`. */
export interface ChooseStudentOptions extends Omit<CallOptions, 'offline' | 'signal'>, StudentBudget {
  /** [H, W, C] of the images. */
  readonly input: readonly [number, number, number];
  /** Number of classes. */
  readonly classes: number;
  /** The model whose width is searched; default: all that suit images of this size. */
  readonly student?: NameInput;
  /** Where `maxMs` is measured; default: `onnx`. */
  readonly backend?: BackendInput;
}

const { offline: _, signal: __, ...CALL } = CALL_OPTIONS;
const OPTIONS: OptionNames<ChooseStudentOptions> = {
  ...CALL,
  input: true,
  classes: true,
  student: true,
  backend: true,
  maxParameters: true,
  maxFlops: true,
  maxBytes: true,
  maxMs: true,
};

/**
 * The student of a budget, as a run chooses it, without training anything. Throws `ANC_CONFIG` for wrong limits and
 * where there are none, and `ANC_BUDGET` where no network fits.
 */
export async function chooseStudent(options: ChooseStudentOptions): Promise<StudentChoice> {
  assertKnown(options, OPTIONS);
  const { input, classes, student, maxParameters, maxFlops, maxBytes, maxMs } = options;
  assertSizes(input, 3, '[height, width, channels]', 'input');
  assertSizes([classes], 1, 'a whole number of at least 1', 'classes');
  const given = Object.entries({ maxParameters, maxFlops, maxBytes, maxMs }).filter(
    ([, value]) => value !== undefined,
  );
  const limits = limitsOf(parseOptions({ student: Object.fromEntries(given) }).student ?? {});
  if (limits === null)
    throw optionError(['student'], 'there is no budget.', {
      hint: 'set maxParameters, maxFlops, maxBytes or maxMs.',
    });
  const { cwd } = callOf(options);
  const compose = composeWith(options.plugins ?? [], null, cwd, { discover: options.discoverPlugins });
  const composition = await compose([]);
  const opened = await openBackend(options.backend, composition);
  try {
    return await studentWithin({
      limits,
      named: student === undefined ? null : asNamed(student, ['student']),
      environment: { input, classes },
      composition,
      backend: opened.backend,
    });
  } finally {
    await opened.close();
  }
}

/** Throws `ANC_CONFIG` unless `sizes` are so many whole numbers of at least 1. */
function assertSizes(sizes: unknown, count: number, expected: string, name: string): void {
  const isSize = (size: unknown): boolean => Number.isInteger(size) && (size as number) >= 1;
  if (Array.isArray(sizes) && sizes.length === count && sizes.every(isSize)) return;
  const received: unknown = count === 1 ? (sizes as unknown[])[0] : sizes;
  throw optionError([name], `expected ${expected}.`, {
    received: received === undefined ? 'nothing' : JSON.stringify(received),
  });
}

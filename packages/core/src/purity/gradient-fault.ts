import { callSite } from '../errors/call-site.js';
import { AncError } from '../errors/error.js';
import { currentPart, watchingMaker } from './parts.js';

/** How tfjs words that an operation has no gradient, or one that does not fit its input. */
const NO_GRADIENT =
  /^(?:Cannot compute gradient: gradient function not found for|Error in gradient for op) (\w+)/;

interface KernelCall {
  /** The part that called it, as errors call it. */
  readonly part: string;
  /** The line that called it. */
  readonly line: string;
}

/** Runs code and returns where a part of the step last called a kernel of tfjs; null where none did. */
async function lastCallOf(kernel: string, code: () => Promise<unknown>): Promise<KernelCall | null> {
  let last: KernelCall | null = null;
  const end = watchingMaker('runKernel', ([name]) => {
    const part = name === kernel ? currentPart() : null;
    if (part !== null) last = { part, line: callSite() };
  });
  try {
    await code().catch(() => undefined);
  } finally {
    end();
  }
  return last;
}

/**
 * An operation's gradient is computed after the part that called it has returned, where no part is to blame any more. The code runs
 * again to find that part.
 *
 * @returns `ANC_OBJECTIVE` with the part and its line; null for other errors, and where no part called the operation
 */
export async function gradientFault(error: unknown, code: () => Promise<unknown>): Promise<AncError | null> {
  if (!(error instanceof Error)) return null;
  const [, kernel] = NO_GRADIENT.exec(error.message) ?? [];
  if (kernel === undefined) return null;
  const call = await lastCallOf(kernel, code);
  if (call === null) return null;
  return new AncError(
    'ANC_OBJECTIVE',
    `${call.part} uses ${kernel}, which TensorFlow.js cannot differentiate here.`,
    {
      expected: 'operations with a gradient for these shapes and arguments',
      received: `${error.message.replace(/\.?$/, '.')} It is called at ${call.line}`,
      hint: 'compute the same from other operations, or use tf.customGrad to give it a gradient.',
      cause: error,
    },
  );
}

import * as tf from '@tensorflow/tfjs-core';
import { currentPart } from './parts.js';
import { callSite } from '../errors/call-site.js';
import { AncError } from '../errors/error.js';

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
  const engine = tf.engine() as unknown as { runKernel: (...given: unknown[]) => unknown };
  const { runKernel } = Object.getPrototypeOf(engine) as typeof engine;
  let last: KernelCall | null = null;
  engine.runKernel = (...given) => {
    const part = given[0] === kernel ? currentPart() : null;
    if (part !== null) last = { part, line: callSite() };
    return runKernel.apply(engine, given);
  };
  try {
    await code().catch(() => undefined);
  } finally {
    Reflect.deleteProperty(engine, 'runKernel');
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

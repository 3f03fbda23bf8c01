import { AncError, isAncError } from './error.js';

/** Frames of tfjs, of what runs steps, of the layers that networks are made of, and of the engine itself. */
const INNER =
  /tfjs-(core|layers|backend)|(@anc|packages)[/\\](core|backend-[a-z]+)[/\\](src|dist)[/\\](?!.*\.test\.)|node:|\(<anonymous>\)/;

/** Frames that an error must have for the author's line to be among them: tfjs nests deeply. */
export const DEEP_STACK = 100;

/** The line of a network's, discriminator's or method's code that is to blame: the first one outside of ours and tfjs. */
export function callSite(error?: Error): string {
  const frames = ((error ?? deepError()).stack ?? '').split('\n').filter((line) => /^\s*at /.test(line));
  return (
    frames
      .find((line) => !INNER.test(line))
      ?.trim()
      .replace(/^at /, '') ?? 'an unknown line'
  );
}

/**
 * What somebody's code threw as one error of `code`, with the line to blame. Errors of ours and interruptions stay what
 * they are.
 */
export function faultOf(code: `ANC_${string}`, what: string, cause: unknown): unknown {
  if (isAncError(cause) || (cause instanceof Error && cause.name === 'AbortError')) return cause;
  if (!(cause instanceof Error)) return new AncError(code, `${what} fails: ${String(cause)}`, { cause });
  return new AncError(code, `${what} fails: ${cause.message}`, {
    received: `${cause.name} at ${callSite(cause)}`,
    cause,
  });
}

function deepError(): Error {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = DEEP_STACK;
  const error = new Error();
  Error.stackTraceLimit = limit;
  return error;
}

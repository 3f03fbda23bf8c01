import { AncError, isAncError } from './error.js';

/** Stack frames of tfjs, of the code that runs steps, of core's layers, and of the JavaScript engine. */
const INTERNAL =
  /tfjs-(core|layers|backend)|(@anc|packages)[/\\](core|compiler|backend-[a-z]+)[/\\](src|dist)[/\\](?!.*\.test\.)|node:|\(<anonymous>\)/;

/** Stack depth that an error needs for the author's line to be among its frames: tfjs nests deeply. */
export const DEEP_STACK = 100;

/**
 * The line of a network, discriminator or method at which an error arose: the first stack frame outside of core,
 * backends and tfjs.
 *
 * @param error its stack; the current one where left out.
 */
export function callSite(error?: Error): string {
  const frames = ((error ?? deepError()).stack ?? '').split('\n').filter((line) => /^\s*at /.test(line));
  return (
    frames
      .find((line) => !INTERNAL.test(line))
      ?.trim()
      .replace(/^at /, '') ?? 'an unknown line'
  );
}

/**
 * Turns what a plugin's code threw into an AncError that names the line at which it arose. An AncError and an abort
 * are returned unchanged.
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

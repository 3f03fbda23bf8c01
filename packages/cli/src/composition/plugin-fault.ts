import { AncError, callSite, isAncError } from '@anc/core';

/**
 * Does the work of a plugin's code. What it throws, at once or later, is one error `ANC_PLUGIN` that says what failed
 * and at which line; errors of ours and interruptions stay what they are.
 */
export function blaming<T>(what: string, work: () => T): T {
  let result: T;
  try {
    result = work();
  } catch (error) {
    throw faultOf(what, error);
  }
  if (!(result instanceof Promise)) return result;
  return result.catch((error: unknown) => {
    throw faultOf(what, error);
  }) as T;
}

function faultOf(what: string, cause: unknown): unknown {
  if (isAncError(cause) || (cause instanceof Error && cause.name === 'AbortError')) return cause;
  const error = cause instanceof Error ? cause : new Error(String(cause));
  return new AncError('ANC_PLUGIN', `${what} fails: ${error.message}`, {
    ...(cause instanceof Error ? { received: `${error.name} at ${callSite(error)}` } : {}),
    cause,
  });
}

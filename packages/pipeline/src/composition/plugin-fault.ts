import { faultOf } from '@anc/core/internal';

/**
 * Does the work of a plugin's code. What it throws, at once or later, is one error `ANC_PLUGIN` that says what failed
 * and at which line; errors of ours and interruptions stay what they are.
 */
export function blaming<T>(what: string, work: () => T): T {
  let result: T;
  try {
    result = work();
  } catch (error) {
    throw faultOf('ANC_PLUGIN', what, error);
  }
  if (!(result instanceof Promise)) return result;
  return result.catch((error: unknown) => {
    throw faultOf('ANC_PLUGIN', what, error);
  }) as T;
}

const BEGAN = Symbol.for('@anc/work-began');

/**
 * Marks an error as one that came after work had begun: something is on disk, and the request itself was valid. Returns the
 * error, to be thrown.
 */
export function afterWorkBegan(error: unknown): unknown {
  if (typeof error === 'object' && error !== null && !(BEGAN in error)) {
    Object.defineProperty(error, BEGAN, { value: true });
  }
  return error;
}

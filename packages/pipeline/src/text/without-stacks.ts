/**
 * Runs a parser without stack traces of its errors: it may make one for each character of a text, of which the first
 * message is shown, and the traces take most of the time.
 */
export function withoutStacks<T>(work: () => T): T {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return work();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

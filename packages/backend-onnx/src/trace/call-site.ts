/** The line of the traced code that called an operation: the first one outside tfjs and this package. */
export function callSite(): string {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 100;
  const lines = (new Error().stack ?? '').split('\n').slice(1);
  Error.stackTraceLimit = limit;
  const own = /tfjs-core|backend-onnx[/\\](src|dist)[/\\](lower|trace|graph)|node:internal/;
  return (
    lines
      .find((line) => !own.test(line))
      ?.trim()
      .replace(/^at /, '') ?? 'an unknown line'
  );
}

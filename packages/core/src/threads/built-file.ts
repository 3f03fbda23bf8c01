/**
 * The entry of a thread or process: the built file, also for sources that a test runner loads.
 *
 * @param name where it is as seen from the source: `worker.js`
 * @param source `import.meta.url` of the source
 */
export function builtFile(name: string, source: string): URL {
  return new URL(name, source.endsWith('.ts') ? source.replace(/\/src\/(?!.*\/src\/)/, '/dist/') : source);
}

/**
 * The entry of a thread or process: the built file, also for sources that a test runner loads.
 *
 * @param name the file's in `dist`: `worker.js`
 * @param source `import.meta.url` of a file of the same package, wherever it is in `src` or `dist`
 */
export function builtFile(name: string, source: string): URL {
  return new URL(name, source.replace(/\/(src|dist)\/(?!.*\/(src|dist)\/).*$/, '/dist/'));
}

import { AncError } from '@anc/core';

const PACKAGE = '@tensorflow/tfjs-backend-wasm';
const VERSION = '4.22.0';
/** One of the binaries, which every variant of the package contains. */
const BINARY = 'tfjs-backend-wasm-simd.wasm';

/**
 * Checks in Node that the binaries exist, because the library itself would only print to the terminal and not start. On
 * pages and in bundles this cannot be known in advance.
 *
 * @throws `ANC_BACKEND_BROKEN` if they are missing
 */
export function assertBinaries(path: string | undefined): void {
  if (typeof process === 'undefined' || typeof process.getBuiltinModule !== 'function') return;
  const { existsSync } = process.getBuiltinModule('node:fs');
  const { dirname, join } = process.getBuiltinModule('node:path');
  const { createRequire } = process.getBuiltinModule('node:module');
  if (path !== undefined && /^[a-z]{2,}:/i.test(path)) return; // a URL
  let folder = path;
  try {
    folder ??= join(dirname(createRequire(import.meta.url).resolve(`${PACKAGE}/package.json`)), 'dist');
  } catch {
    return;
  }
  if (existsSync(join(folder, BINARY))) return;
  throw new AncError('ANC_BACKEND_BROKEN', 'backend "tfjs:wasm": its WebAssembly files are missing.', {
    expected: join(folder, BINARY),
    hint:
      path === undefined
        ? reinstall
        : 'set `path` to the folder that contains them, ending in /, or omit it.',
  });
}

const reinstall = `npm install --force ${PACKAGE}@${VERSION}`;

/** The error if the library does not start although its files exist. */
export const wasmNotStarted = (): AncError =>
  new AncError('ANC_BACKEND_BROKEN', 'backend "tfjs:wasm": WebAssembly does not start.', {
    hint:
      typeof process === 'undefined'
        ? `serve the .wasm files of ${PACKAGE}, and set \`path\` to their URL.`
        : reinstall,
  });

import { AncError } from '@anc/core';

const PACKAGE = '@tensorflow/tfjs-backend-wasm';
const VERSION = '4.22.0';
/** What every kind of engine takes one of. */
const BINARY = 'tfjs-backend-wasm-simd.wasm';

/**
 * Throws `ANC_BACKEND_BROKEN` where the binaries are not where they will be looked for: the library itself would tell
 * the terminal, and then start nothing. On pages, and in bundles, nobody knows beforehand.
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
  throw new AncError('ANC_BACKEND_BROKEN', 'backend "tfjs:wasm": its WebAssembly files are not there.', {
    expected: join(folder, BINARY),
    hint: path === undefined ? reinstall : 'name the folder that has them, ending in /, or leave `path` out.',
  });
}

const reinstall = `npm install --force ${PACKAGE}@${VERSION}`;

/** What to throw where the library starts nothing all the same. */
export const wasmNotStarted = (): AncError =>
  new AncError('ANC_BACKEND_BROKEN', 'backend "tfjs:wasm": WebAssembly does not start.', {
    hint:
      typeof process === 'undefined'
        ? `serve the .wasm files of ${PACKAGE}, and say where with \`path\`.`
        : reinstall,
  });

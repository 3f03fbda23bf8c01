/** What of a package is started or imported from outside of it. */
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const PACKAGES = fileURLToPath(new URL('../../packages', import.meta.url));

/** The condition of a package.json's `exports` and `imports` under which a source stands beside its built file. */
const SOURCE = '@anc/source';

/** What threads, processes and executables start with, and no module imports. */
const STARTED = {
  'backend-onednn': ['./src/engine/worker.ts', './src/kernels/kernel-worker.ts'],
  'backend-onnx': ['./src/engine/worker.ts'],
  cli: ['./src/main.ts'],
  pipeline: [
    './src/api/worker-process.ts',
    './src/isolation/trial-process.ts',
    './src/plugins/memory-process.ts',
    './src/plugins/probe-process.ts',
  ],
};

/** Pairs of a source and its built file in a target of `exports` or `imports`. */
function pairsOf(target) {
  const { [SOURCE]: source, ...built } = target;
  if (source === undefined) return [];
  if (typeof source === 'string') return [[source, built.default]];
  return Object.entries(source).map(([condition, file]) => [file, built[condition]]);
}

const nameOf = (file) => basename(file).replace(/\.[jt]s$/, '');

/**
 * Sources of a package by the name of their file in `dist`, both without what all have in common.
 *
 * @param name of the package's folder
 * @returns {Promise<Record<string, string>>} `{ index: './src/index.ts', options: './src/options/index.ts' }`
 */
export async function entriesOf(name) {
  const manifest = await readFile(join(PACKAGES, name, 'package.json'), 'utf8');
  const { exports, imports = {} } = JSON.parse(manifest);
  const pairs = [exports, imports].flatMap((targets) => Object.values(targets).flatMap(pairsOf));
  const started = (STARTED[name] ?? []).map((source) => [source, source]);
  return Object.fromEntries([...pairs, ...started].map(([source, built]) => [nameOf(built), source]));
}

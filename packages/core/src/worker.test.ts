import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const PACKAGES = fileURLToPath(new URL('../../', import.meta.url));

/** Modules that a source imports when it is loaded: types are not, nor what is imported later. */
const importsOf = (file: string): string[] =>
  [...readFileSync(file, 'utf8').matchAll(/^(?:import|export) (?!type\b)[^;']*?from '([^']+)';/gm)].map(
    ([, name]) => name!,
  );

/** The packages and builtins that are loaded with a source, through all sources of this repository. */
function loadedWith(file: string, seen = new Set<string>()): string[] {
  if (seen.has(file)) return [];
  seen.add(file);
  return importsOf(file).flatMap((name) => {
    if (name.startsWith('.')) return loadedWith(join(file, '..', name.replace(/\.js$/, '.ts')), seen);
    const [, owner] = /^@anc\/([\w-]+)\/worker$/.exec(name) ?? [];
    return owner === undefined ? [name] : loadedWith(join(PACKAGES, owner, 'src/worker.ts'), seen);
  });
}

it.each(['backend-onnx/src/engine', 'backend-onednn/src/engine'])(
  'the thread of %s starts without TensorFlow.js, the compiler and what else is large',
  (folder) => {
    const seen = new Set<string>();
    const loaded = loadedWith(join(PACKAGES, folder, 'worker.ts'), seen);
    expect([...seen]).toContain(join(PACKAGES, 'core/src/threads/answer-calls.ts'));
    expect(loaded.filter((name) => !name.startsWith('node:'))).toEqual([]);
  },
);

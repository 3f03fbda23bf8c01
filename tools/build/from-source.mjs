/** Modules of packages that no entry of the package exports, for tools that try them alone. */
import { createHash } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { rolldown } from 'rolldown';
import { inputOptions } from './compiling.mjs';

const PACKAGES = fileURLToPath(new URL('../../packages', import.meta.url));

/**
 * Imports a source file with what it imports from its own package: a copy beside the built package, which shares no state
 * with it.
 *
 * @param path below `packages`: `datasets/src/svhn/svhn.ts`
 */
export async function fromSource(path) {
  const [name, ...rest] = path.split('/');
  const folder = join(PACKAGES, name);
  const bundler = await rolldown(inputOptions(folder, { module: `./${rest.join('/')}` }));
  const { output } = await bundler.generate({ format: 'esm', codeSplitting: false });
  await bundler.close();
  const [{ code }] = output;
  // In the package, where its dependencies are found.
  const place = join(folder, 'node_modules', '.cache', 'from-source');
  const file = join(place, `${createHash('sha256').update(code).digest('hex').slice(0, 16)}.mjs`);
  await mkdir(place, { recursive: true });
  await writeFile(`${file}.${process.pid}`, code);
  await rename(`${file}.${process.pid}`, file); // whole for another process that does the same
  return await import(pathToFileURL(file).href);
}

/**
 * Writes the JavaScript of the packages, `packages/<name>/dist/*.js`, bundled from their sources. `tsc -b` checks these and
 * writes the types beside it.
 *
 *   node tools/build/bundle.mjs [<name> ...]
 *
 * A package becomes one file for each of its entries, and more for what some of them share and for what is imported
 * dynamically: Node takes half a millisecond to find and open a module, whatever its size. See
 * docs/adr/0040-packages-are-bundled.md.
 */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { inputOptions } from './compiling.mjs';
import { entriesOf, PACKAGES } from './entries.mjs';
import { writePlain } from './plain.mjs';

/** Syntax that the oldest supported Node lacks would be written with functions of a package that nobody installs. */
function assertOwnCode(name, { fileName, imports = [] }) {
  const helper = imports.find((imported) => imported.startsWith('@oxc-project/runtime'));
  if (helper !== undefined) {
    throw new Error(
      `packages/${name}/dist/${fileName} would import ${helper}: write this syntax differently.`,
    );
  }
}

async function bundle(rolldown, name) {
  const folder = join(PACKAGES, name);
  const out = join(folder, 'dist');
  const bundler = await rolldown(inputOptions(folder, await entriesOf(name)));
  const { output } = await bundler.write({
    dir: out,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: '[name].js',
    sourcemap: true,
  });
  await bundler.close();
  for (const file of output) assertOwnCode(name, file);
  const written = new Set(output.map(({ fileName }) => fileName));
  const left = (await readdir(out)).filter((file) => /\.js(\.map)?$/.test(file) && !written.has(file));
  await Promise.all([...left, 'plain'].map((file) => rm(join(out, file), { recursive: true, force: true })));
}

/** rolldown; null where its native part is not installed: `npm ci --omit=optional`, or a platform that it has no build for. */
async function bundler() {
  try {
    return (await import('rolldown')).rolldown;
  } catch (error) {
    console.error(
      `Packages are not bundled, so programs start a little later: ${error.message.split('\n')[0]}`,
    );
    return null;
  }
}

const chosen = process.argv.slice(2);
const names = chosen.length > 0 ? chosen : await readdir(PACKAGES);
const rolldown = await bundler();
const outcomes = await Promise.allSettled(
  names.map((name) => (rolldown === null ? writePlain(name) : bundle(rolldown, name))),
);
for (const [i, { reason }] of outcomes.entries()) {
  if (reason === undefined) continue;
  console.error(`packages/${names[i]}: ${reason.message}`);
  process.exitCode = 1;
}

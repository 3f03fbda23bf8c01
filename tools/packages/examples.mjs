/**
 * Runs the examples of the packages' READMEs, as a project that has these packages would.
 *
 *   node tools/packages/examples.mjs
 *
 * A block in ```js is a program; one whose first line names a file `// x.test.js` is a test for vitest. A block after
 * `<!-- not run: reason -->` is neither.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { publishedPackages } from '../supply/sbom.mjs';

/** The blocks of a README in JavaScript: those that are programs, and those that are tests, by file name. */
function examplesOf(readme) {
  const blocks = [...readme.matchAll(/^(<!-- not run: .* -->\n+)?```js\n([^]*?)^```/gm)].flatMap(
    ([, reason, code]) => (reason === undefined ? [code] : []),
  );
  const nameOf = (code) => /^\/\/ (\S+\.test\.js)\n/.exec(code)?.[1];
  return {
    programs: blocks.filter((code) => nameOf(code) === undefined),
    tests: blocks.flatMap((code) => (nameOf(code) === undefined ? [] : [[nameOf(code), code]])),
  };
}

/** Writes READMEs' programs into a folder, and one that runs them in turn and names each. Returns its file. */
function writePrograms(folder, readmes) {
  const files = Object.entries(readmes).flatMap(([name, readme]) =>
    examplesOf(readme).programs.map((code, i) => {
      const file = `${name.replace('/', '-')}-${i}.mjs`;
      writeFileSync(join(folder, file), code);
      return file;
    }),
  );
  const calls = files.map((file) => `console.log('--- ${file}');\nawait import('./${file}');\n`);
  const all = join(folder, 'all.mjs');
  writeFileSync(all, [...calls, `console.log('ran ${files.length}');\n`].join(''));
  return all;
}

function check() {
  const readmes = Object.fromEntries(
    Object.entries(publishedPackages()).map(([path, { name }]) => [
      name,
      readFileSync(join(path, 'README.md'), 'utf8'),
    ]),
  );
  const folder = mkdtempSync(join(tmpdir(), 'anc-examples-'));
  const run = (args) => spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
  try {
    symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
    const runs = [run([writePrograms(folder, readmes)])];
    for (const [file, code] of Object.values(readmes).flatMap((readme) => examplesOf(readme).tests)) {
      writeFileSync(join(folder, file), code);
      runs.push(run([resolve('node_modules/vitest/vitest.mjs'), 'run', file]));
    }
    const failed = runs.filter(({ status }) => status !== 0);
    for (const { stdout, stderr } of failed) console.log(`an example fails\n${stdout}${stderr}`);
    if (failed.length === 0)
      console.log(`the examples in the packages' READMEs run: ${/ran \d+/.exec(runs[0].stdout)[0]}`);
    return failed.length === 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

process.exitCode = check() ? 0 : 1;

/**
 * Runs the examples as their READMEs say, in a copy of the folder, so that nothing is written here; and checks that they
 * import what packages export alone.
 *
 *   node tools/examples/run.mjs             all
 *   node tools/examples/run.mjs dataset     one
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CLI = join(ROOT, 'packages', 'cli', 'bin', 'anc-cli.js');

/** What is run in each folder, and a text that it prints. */
const COMMANDS = {
  library: [[['node', 'distill.mjs', 'student.onnx'], /agreement with the teacher: [\d.]+ %/]],
  'own-teacher': [
    [['node', 'make.mjs', 'work'], /80 images/],
    [['node', 'distill.mjs', 'work'], /agreement with the teacher: [\d.]+ %/],
  ],
  'own-network': [[['anc-cli', 'describe', 'model', 'fire-net', '--plugins', './fire-net.mjs'], /fire/]],
  'discriminator-plugin': [
    [['npm', 'run', 'build'], /tsc/],
    [
      ['anc-cli', 'describe', 'discriminator', 'leaky', '--plugins', './dist/index.js'],
      /widths of the hidden layers/,
    ],
  ],
  dataset: [
    [['anc-cli', 'data', 'info', 'dots', '--plugins', './dots.mjs'], /left/],
    [['node', '--test', 'dots.test.mjs'], /fail 0/],
  ],
  backend: [
    [['anc-cli', 'list', '--plugins', './mine.mjs'], /mine/],
    [['node', '--test', 'mine.test.mjs'], /fail 0/],
  ],
};

/** Imports of a package's inside: what is not in its exports fails when it runs; `internal` is exported, but not public. */
const PRIVATE = /from '(?:@anc\/[^']*\/(?:internal|dist|src)[^']*|\.\.\/[^']*packages[^']*)'/;

function tryExample(name, folder) {
  const copy = join(folder, name);
  cpSync(join(ROOT, 'examples', name), copy, {
    recursive: true,
    filter: (path) => !/[\\/](?:node_modules|dist|runs)$/.test(path),
  });
  for (const file of readdirSync(copy, { recursive: true }))
    if (/\.(?:mjs|ts)$/.test(file) && PRIVATE.test(readFileSync(join(copy, file), 'utf8')))
      throw new Error(`${name}/${file} imports what is not public`);
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  for (const [[program, ...args], printed] of COMMANDS[name]) {
    const node = program === 'anc-cli' ? [CLI, ...args] : args;
    const done = spawnSync(program === 'npm' ? 'npm' : process.execPath, node, {
      cwd: copy,
      encoding: 'utf8',
    });
    const shown = `${name}: ${program} ${args.join(' ')}`;
    if (done.status !== 0)
      throw new Error(`${shown}: exit code ${done.status}\n${done.stdout}${done.stderr}`);
    if (!printed.test(done.stdout)) throw new Error(`${shown} does not print ${printed}\n${done.stdout}`);
  }
}

const existing = readdirSync(join(ROOT, 'examples'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);
const wanted = process.argv.slice(2);
const unknown = [...wanted, ...existing].find((name) => !existing.includes(name) || !(name in COMMANDS));
if (unknown !== undefined)
  throw new Error(`no commands for "${unknown}". There are: ${existing.join(', ')}.`);

const folder = mkdtempSync(join(tmpdir(), 'anc-examples-'));
let failures = 0;
try {
  for (const name of wanted.length > 0 ? wanted : existing) {
    const started = Date.now();
    try {
      tryExample(name, folder);
      console.log(`ok   ${name}, ${((Date.now() - started) / 1000).toFixed(1)} s`);
    } catch (error) {
      failures += 1;
      console.log(`FAIL ${error.message}`);
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failures === 0 ? 0 : 1;

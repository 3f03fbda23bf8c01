/**
 * CI stage: the backend onednn with the library from PyPI.
 *
 * The contract suite and a run in every precision that the processor has, and the errors where it lacks one, where koffi is
 * missing and where options do not fit each other.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pythonPath, skip } from '../ci/python.mjs';

const KOFFI = 'koffi@3.3.4';
const LIBRARY = 'onednn-cpu-gomp==2023.2.0';
const root = fileURLToPath(new URL('../..', import.meta.url));
const CLI = join(root, 'packages/cli/bin/anc-cli.js');

if (process.platform !== 'linux' || process.arch !== 'x64')
  skip('the wheel of oneDNN is for Linux on x86-64');
const folder = mkdtempSync(join(tmpdir(), 'anc-onednn-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

function call(program, args, { cwd = folder, env = {}, exit = 0 } = {}) {
  const found = spawnSync(program, args, {
    cwd,
    env: { ...process.env, ...env },
    encoding: 'utf8',
    timeout: 240_000,
  });
  const text = `${found.stdout}${found.stderr}`;
  if (found.status !== exit)
    throw new Error(`exit code ${found.status}: ${program} ${args.join(' ')}\n${text}`);
  return text;
}

function assert(holds, problem) {
  if (!holds) throw new Error(problem);
}

writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
const without = call(process.execPath, [CLI, 'doctor', 'onednn'], { exit: 1 });
assert(/koffi@3\.3\.4|ANC_ONEDNN_LIBRARY/.test(without), `doctor does not say what to install:\n${without}`);

const npm = spawnSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', KOFFI], {
  cwd: folder,
  encoding: 'utf8',
});
if (npm.status !== 0) skip(`npm cannot install ${KOFFI}: ${npm.stderr.trim().split('\n').at(-1)}`);
const python = pythonPath(folder, [LIBRARY]);
const library = join(python, '..', '..', 'lib', 'libdnnl.so.3');
assert(existsSync(library), `${LIBRARY} has no lib/libdnnl.so.3`);
const env = { ANC_ONEDNN_LIBRARY: library };

const contract = fileURLToPath(new URL('contract.mjs', import.meta.url));
const ONE = ['--dataset', 'glyphs', '--limit-train', '256', '--limit-test', '64', '--batch-size', '32'];
const RUN = [CLI, 'run', ...ONE, '--epochs', '1', '--methods', 'l2', '--threads', '1'];
for (const precision of ['float32', 'bfloat16', 'int8']) {
  const report = call(process.execPath, [contract, precision], { env });
  console.log(report.trim());
  const isRefused = report.includes('ANC_BACKEND_DEVICE');
  // Only the teacher's own backend, given or by default, computes it with a precision.
  const chosen = precision === 'float32' ? ['--teacher-backend', 'onednn'] : [];
  const args = [...RUN, '--name', precision, '--teacher-precision', precision, ...chosen];
  const text = call(process.execPath, args, { env, exit: isRefused ? 1 : 0 });
  const wanted = isRefused ? 'this processor' : 'test error';
  assert(text.includes(wanted), `a run in ${precision} lacks "${wanted}":\n${text}`);
}
const both = [...RUN, '--teacher-precision', 'int8', '--teacher-backend', 'onnx'];
const refusal = call(process.execPath, both, { env, exit: 2 });
assert(refusal.includes('--teacher-precision'), `the error does not name the option:\n${refusal}`);
console.log('onednn: the contract and a run in every precision that this processor has');

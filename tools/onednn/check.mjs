/**
 * CI stage: the backend onednn with the library from PyPI.
 *
 * The contracts of backends and of methods, and a run, in every precision that the processor has: the losses of training steps
 * are those of the default backend, and the same seed gives the same bytes. And the errors where the processor lacks a precision,
 * where koffi is missing and where options do not fit each other.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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

const modules = join(folder, 'node_modules');
const tested = call(
  process.execPath,
  [
    ...[join(root, 'node_modules/vitest/vitest.mjs'), 'run'],
    ...['convolutions', 'network', 'turns'].map((name) => `packages/backend-onednn/test/${name}.test.ts`),
  ],
  {
    cwd: root,
    // NODE_PATH: for the engine's thread, which runs what is built
    env: { ...env, NODE_PATH: modules, ANC_TEST_KOFFI: join(modules, 'koffi/index.js'), NO_COLOR: '1' },
  },
);
assert(/turns\.test\.ts \(1 test\)(?! \| 1 skipped)/.test(tested), `tests were left out:\n${tested}`);
console.log(/Tests .*/.exec(tested)[0]);

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
/** Trains on a backend; returns the losses of the last epoch and the weights of the student. */
function trained(name, backend, options = [], exit = 0) {
  const args = [...TRAINING, '--name', name, '--backend', backend, ...options];
  const text = call(process.execPath, args, { env, exit });
  if (exit !== 0) return text;
  const lines = readFileSync(join(folder, 'runs', name, 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n');
  const epochs = lines
    .map((line) => JSON.parse(line))
    .filter(({ model, event }) => model === 'adversarial' && event === 'epoch');
  const losses = Object.entries(epochs.at(-1).metrics).filter(([metric]) => metric.startsWith('loss/'));
  const environment = JSON.parse(readFileSync(join(folder, 'runs', name, 'environment.json'), 'utf8'));
  return {
    losses: Object.fromEntries(losses),
    weights: readFileSync(join(folder, 'runs', name, 'student', 'adversarial', 'weights.safetensors')),
    environment,
  };
}

/** Largest difference of losses, relative to the larger of 1 and themselves. */
const differenceOf = (a, b) =>
  Math.max(...Object.keys(a).map((key) => Math.abs(a[key] - b[key]) / Math.max(1, Math.abs(a[key]))));

const TRAINING = [CLI, 'run', ...ONE, '--epochs', '2', '--methods', 'adversarial', '--threads', '1'];
const reference = trained('reference', 'onnx');
const own = trained('own', 'onednn', ['--precision', 'float32']);
const difference = differenceOf(reference.losses, own.losses);
console.log(`training: losses differ from those of onnx by ${difference.toExponential(1)}`);
assert(difference < 1e-2, 'training steps have other losses than on onnx');
const again = trained('again', 'onednn', ['--precision', 'float32']);
assert(again.weights.equals(own.weights), 'the same seed gives other weights');
console.log(call(process.execPath, [contract, 'float32', 'float32', '2'], { env }).trim());
const coarse = call(process.execPath, [contract, 'float32', 'bfloat16'], { env });
console.log(coarse.trim());
if (coarse.includes('ANC_BACKEND_DEVICE')) {
  const text = trained('coarse', 'onednn', ['--precision', 'bfloat16'], 1);
  assert(text.includes('this processor'), `the error does not name the processor:\n${text}`);
} else {
  const { losses, environment } = trained('coarse', 'onednn', ['--precision', 'bfloat16']);
  const found = differenceOf(reference.losses, losses);
  console.log(`training in bfloat16: losses differ by ${found.toExponential(1)}`);
  assert(found > 0 && found < 0.5, 'training in bfloat16 has the same losses, or quite other ones');
  assert(environment.backend.trainingPrecision === 'bfloat16', 'the run does not record its precision');
}
const plain = trained('plain', 'onednn').environment.backend;
const automatic = trained('automatic', 'onednn', ['--precision', 'auto']).environment.backend;
console.log(`training in ${plain.trainingPrecision} where no precision is given`);
assert(plain.trainingPrecision === automatic.trainingPrecision, 'the default precision is not auto');
const onOnnx = trained('refused', 'onnx', ['--precision', 'bfloat16'], 2);
assert(onOnnx.includes('--precision'), `the error does not name the option:\n${onOnnx}`);
console.log(call(process.execPath, [fileURLToPath(new URL('methods.mjs', import.meta.url))], { env }).trim());

const both = [...RUN, '--teacher-precision', 'int8', '--teacher-backend', 'onnx'];
const refusal = call(process.execPath, both, { env, exit: 2 });
assert(refusal.includes('--teacher-precision'), `the error does not name the option:\n${refusal}`);
console.log('onednn: contracts and runs in every precision that this processor has');

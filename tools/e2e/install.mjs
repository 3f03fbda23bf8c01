/**
 * Clones this repository's last commit into a temporary folder, installs it there the way a user would, expects
 * `npx anc-cli --version` to answer, and trains a teacher and a student for a few steps.
 *
 *   node tools/e2e/install.mjs [--npm 10] [--node 22] [--production] [--omit-optional]
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { parseArgs } from 'node:util';
import { installOrSkip, run } from './processes.mjs';

const { values: options } = parseArgs({
  options: {
    npm: { type: 'string' },
    node: { type: 'string' },
    production: { type: 'boolean', default: false },
    'omit-optional': { type: 'boolean', default: false },
  },
});

const folder = mkdtempSync(join(tmpdir(), 'anc-install-'));
const checkout = join(folder, 'checkout');
// Also where it ends early, as skipped.
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

/** Puts the asked-for `node` and `npm` (npm packages, both) in front of PATH. */
function toolchain() {
  const wanted = [options.node && `node@${options.node}`, options.npm && `npm@${options.npm}`].filter(
    Boolean,
  );
  if (wanted.length === 0) return process.env.PATH;
  const tools = join(folder, 'tools');
  mkdirSync(tools);
  writeFileSync(join(tools, 'package.json'), '{ "private": true }');
  const args = ['install', '--no-audit', '--no-fund', '--loglevel=error', ...wanted];
  installOrSkip(wanted.join(' and '), args, tools);
  return [join(tools, 'node_modules', '.bin'), process.env.PATH].join(delimiter);
}

/** What a user of the requested programs has set. */
const environment = () => ({
  PATH: toolchain(),
  ...(options.production ? { NODE_ENV: 'production' } : {}),
});

/** Runs a program in the checkout. Returns what it prints. */
const answerOf = (program, args, env) => run(program, args, { cwd: checkout, env }).stdout.trim();

/** Four steps each of a teacher and a student, on generated images: nothing is downloaded. */
const TRAINING = [
  ['--dataset', 'glyphs(train=64,test=32)', '--epochs', '1', '--batch-size', '16'],
  ['--teacher', 'lenet5', '--student', 'lenet5', '--methods', 'adversarial'],
  ['--backend', 'onnx', '--name', 'tiny', '--quiet', '--json'],
].flat();

/** Trains, and checks the result document and the run folder. Returns the engine that computed. */
function train(env) {
  const document = JSON.parse(answerOf('npx', ['--no', '--', 'anc-cli', 'run', ...TRAINING], env));
  const isShare = (value) => typeof value === 'number' && value >= 0 && value <= 1;
  const [student, ...more] = document.students;
  if (document.backend !== 'onnx' || more.length > 0 || student.name !== 'adversarial')
    throw new Error(`unexpected result document: ${JSON.stringify(document)}`);
  for (const share of [document.teacher.testError, student.testError, student.agreement])
    if (!isShare(share)) throw new Error(`not a share: ${share} in ${JSON.stringify(document)}`);

  const folder = join(checkout, document.run);
  const read = (name) => readFileSync(join(folder, name), 'utf8');
  for (const name of [
    'report.html',
    'teacher/weights.safetensors',
    'student/adversarial/weights.safetensors',
  ])
    if (read(name) === '') throw new Error(`${name} is empty`);
  if (JSON.parse(read('result.json')).students[0].weights !== student.weights)
    throw new Error('result.json differs from the document on stdout');
  const epochs = read('metrics.jsonl').trim().split('\n');
  if (epochs.length !== 2) throw new Error(`metrics.jsonl has ${epochs.length} lines, expected 2`);
  if (!readdirSync(folder).some((name) => name.startsWith('events.out.tfevents.')))
    throw new Error('no event file for TensorBoard');
  return JSON.parse(read('environment.json')).backend.runtime;
}

let code = 0;
try {
  run('git', ['clone', '--quiet', '--depth=1', `file://${process.cwd()}`, checkout], { cwd: folder });
  const env = environment();
  const label = `node ${answerOf('node', ['--version'], env)}, npm ${answerOf('npm', ['--version'], env)}`;
  // An explicit --omit replaces what NODE_ENV=production leaves out by itself.
  const omit = options.production ? ['--omit=optional', '--omit=dev'] : ['--omit=optional'];
  answerOf('npm', ['ci', ...(options['omit-optional'] ? omit : [])], env);

  const { version } = JSON.parse(readFileSync(join(checkout, 'packages/cli/package.json'), 'utf8'));
  const answer = answerOf('npx', ['--no', '--', 'anc-cli', '--version'], env);
  if (!answer.includes(version))
    throw new Error(`anc-cli --version answered "${answer}", expected ${version}`);

  const native = existsSync(join(checkout, 'node_modules/onnxruntime-node'));
  if (native === options['omit-optional'])
    throw new Error(`onnxruntime-node is ${native ? 'there' : 'missing'}, expected the opposite`);
  if (options.production && existsSync(join(checkout, 'node_modules/vitest')))
    throw new Error('a production install brought development dependencies');
  const engine = train(env);
  const expected = native ? 'onnxruntime-node' : 'onnxruntime-web';
  if (engine !== expected) throw new Error(`${engine} computed, expected ${expected}`);
  console.log(`${label}: anc-cli ${answer} trains on ${engine}`);
} catch (error) {
  console.log(error.message);
  code = 1;
}
process.exitCode = code;

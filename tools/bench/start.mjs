/**
 * Time from the start of a process to the first step of a student: each start in a process of its own, in turns; medians. The
 * first start finds an empty folder of compiled steps, the second one what the first kept there.
 *
 *   node tools/bench/start.mjs [--student resnet20 --student resnet164] [--backend onnx] [--rounds 5]
 *     [--threads 1] [--batch-size 128]
 *     [--backend onednn]  run in a folder that has koffi
 *     [--processor-time]  seconds of processor time instead, which other programs on the machine change less
 *
 * The teacher is trained before and the dataset is as small as the training, so that what is measured is: loading the program, opening the teacher and the images,
 * checking, compiling the step of `adversarial`, and the first of its updates.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values: flags } = parseArgs({
  options: {
    student: { type: 'string', multiple: true, default: ['resnet20', 'resnet164'] },
    backend: { type: 'string', multiple: true, default: ['onnx'] },
    rounds: { type: 'string', default: '5' },
    threads: { type: 'string', default: '1' },
    'batch-size': { type: 'string', default: '128' },
    'processor-time': { type: 'boolean', default: false },
  },
});
const [rounds, threads, batchSize] = [flags.rounds, flags.threads, flags['batch-size']].map(Number);
const cli = fileURLToPath(new URL('../../packages/cli/bin/anc-cli.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'anc-start-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

const START = `
  import module from 'node:module';
  module.enableCompileCache?.(); // as the command does
  const { distill } = await import('${import.meta.resolve('@anc/pipeline')}');
  const options = JSON.parse(process.argv.at(-1));
  for await (const event of distill(options)) {
    if (event.type !== 'step') continue;
    const { user, system } = process.cpuUsage();
    console.log(JSON.stringify({ seconds: performance.now() / 1000, processor: (user + system) / 1e6 }));
    process.exit(0);
  }
`;

const kept = join(folder, 'cache');

function node(args) {
  const env = { ...process.env, ANC_CACHE_DIR: kept };
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', env });
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

const teacher = join(folder, 'teacher');
const small = ['--limit-train', '256', '--limit-test', '64', '--teacher-epochs', '1', '--epochs', '1'];
node([cli, 'run', ...small, '--methods', 'kd', '--out', teacher, '--json']);

/** Seconds until the first step. */
function start(student, backend) {
  const [name] = readdirSync(teacher);
  const options = {
    teacher: join(teacher, name),
    images: `glyphs(train=${2 * batchSize},test=64)`,
    student,
    method: 'adversarial',
    backend: `${backend}(threads=${threads})`,
    training: { batchSize, epochs: 1 },
    folder: null,
  };
  const printed = node(['--input-type=module', '-e', START, JSON.stringify(options)]);
  const { seconds, processor } = JSON.parse(printed.trim().split('\n').at(-1));
  return flags['processor-time'] ? processor : seconds;
}

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const cells = flags.student.flatMap((student) =>
  flags.backend.map((backend) => ({ student, backend, first: [], second: [] })),
);
for (let round = 0; round < rounds; round++) {
  for (const { student, backend, first, second } of cells) {
    rmSync(kept, { recursive: true, force: true });
    for (const starts of [first, second]) starts.push(start(student, backend));
  }
}
console.table(
  cells.map(({ student, backend, first, second }) => ({
    student,
    backend,
    'first start, s': +median(first).toFixed(2),
    'second start, s': +median(second).toFixed(2),
  })),
);

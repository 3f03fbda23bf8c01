/**
 * What a large network costs before anything is trained: building and initialising ResNet-152, and importing its
 * checkpoint of 241 MB (60,192,808 parameters), each in a process of its own. Beside the import, in turns: the same file
 * copied and flushed to the disk, and with `--python` (PyTorch and safetensors in it) `torch.load` and `save_file`.
 *
 * Linux only: memory is read from /proc.
 *
 *   node tools/bench/zoo.mjs [--rounds 5] [--python /path/to/python] [--checkpoint resnet152.pth]
 */
import { spawnSync } from 'node:child_process';
import { closeSync, copyFileSync, fsyncSync, mkdtempSync, openSync, rmSync, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { permuted, Rng } from '@anc/core';
import { encodeSafetensors } from '@anc/formats';
import { resnetModels, resnetNames } from '@anc/models';

const { values: flags } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    python: { type: 'string' },
    checkpoint: { type: 'string' },
  },
});
const rounds = Number(flags.rounds);
const root = fileURLToPath(new URL('../..', import.meta.url));
const cli = join(root, 'packages/cli/bin/anc-cli.js');
const folder = mkdtempSync(join(tmpdir(), 'anc-zoo-'));

const INITIALISE = `
  import { Rng } from '@anc/core';
  import { resnetModels } from '@anc/models';
  const environment = { input: [224, 224, 3], classes: 10 };
  const { readFileSync } = process.getBuiltinModule('node:fs');
  const peak = () => Number(/VmHWM:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]);
  const before = peak();
  const began = performance.now();
  const { params, stats } = resnetModels.resnet152.create({}, environment).init(Rng.fromSeed(0), environment.input);
  const ms = performance.now() - began;
  const bytes = [params, stats].flatMap(Object.values).reduce((sum, { data }) => sum + data.byteLength, 0);
  const grown = 1024 * (peak() - before);
  console.log(JSON.stringify({ ms, memory: grown / bytes }));
`;

/**
 * Prints a process's peak memory, MiB, when it ends: Linux's own number, because `resourceUsage` counts what its parent
 * held.
 */
const PEAK = `
  import { readFileSync } from 'node:fs';
  const peak = () => Number(/VmHWM:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) / 1024;
  process.on('exit', () => process.stderr.write('peak ' + peak()));
`;

const CONVERT = `
import sys, torch
from safetensors.torch import save_file
save_file({k: v.contiguous() for k, v in torch.load(sys.argv[1], weights_only=True).items()}, sys.argv[2])
`;
const PICKLE = `
import sys, torch
from safetensors.torch import load_file
torch.save(load_file(sys.argv[1]), sys.argv[2])
`;

function run(program, args) {
  const began = performance.now();
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} failed\n${stdout}${stderr}`);
  return { ms: performance.now() - began, stdout, stderr };
}

/** Fresh weights under PyTorch's names and in its order. */
async function writeCheckpoint() {
  const environment = { input: [224, 224, 3], classes: 1000 };
  const network = resnetModels['torchvision-resnet152'].create({}, environment);
  const { params, stats } = network.init(Rng.fromSeed(0), environment.input);
  const name = resnetNames('fc');
  const theirs = Object.entries({ ...params, ...stats }).map(([ours, { shape, data }]) => {
    const axes = shape.length === 4 ? [3, 2, 0, 1] : shape.length === 2 ? [1, 0] : [0];
    return [name(ours), { shape: axes.map((axis) => shape[axis]), data: permuted(data, shape, axes) }];
  });
  const plain = join(folder, 'checkpoint.safetensors');
  await writeFile(plain, encodeSafetensors(Object.fromEntries(theirs)));
  if (flags.python === undefined) return plain;
  const pickled = join(folder, 'checkpoint.pth');
  run(flags.python, ['-c', PICKLE, plain, pickled]);
  return pickled;
}

let made = 0;
const fresh = (extension) => join(folder, `${made++}.${extension}`);

const work = {
  initialise: () => JSON.parse(run(process.execPath, ['--input-type=module', '-e', INITIALISE]).stdout),
  start: () => run(process.execPath, [cli, 'list']),
  import: () => {
    const peak = `data:text/javascript,${encodeURIComponent(PEAK)}`;
    const out = fresh('safetensors');
    const { ms, stderr } = run(process.execPath, ['--import', peak, cli, 'import', checkpoint, '--out', out]);
    rmSync(out);
    return { ms, memory: Number(/peak ([\d.]+)/.exec(stderr)[1]) };
  },
  copy: () => {
    const began = performance.now();
    const out = fresh('copy');
    copyFileSync(checkpoint, out);
    const file = openSync(out, 'r+');
    fsyncSync(file);
    closeSync(file);
    const ms = performance.now() - began;
    rmSync(out);
    return { ms };
  },
  ...(flags.python === undefined
    ? {}
    : {
        python: () => {
          const out = fresh('safetensors');
          const { ms } = run(flags.python, ['-c', CONVERT, checkpoint, out]);
          rmSync(out);
          return { ms };
        },
      }),
};

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

let checkpoint;
try {
  checkpoint = flags.checkpoint ?? (await writeCheckpoint());
  const readings = Object.fromEntries(Object.keys(work).map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, measure] of Object.entries(work)) readings[name].push(measure());
  }
  const of = (name, what = 'ms') => median(readings[name].map((reading) => reading[what]));
  const seconds = (name) => `${(of(name) / 1000).toFixed(2)} s`;
  const megabytes = (statSync(checkpoint).size / 1e6).toFixed(0);
  console.log(`Medians of ${rounds} rounds, each in a process of its own.`);
  console.log(
    `ResNet-152 built and initialised: ${seconds('initialise')}; memory ${of('initialise', 'memory').toFixed(2)} times its weights`,
  );
  console.log(
    `${megabytes} MB imported: ${seconds('import')}, peak ${of('import', 'memory').toFixed(0)} MiB; of this, a start (anc-cli list): ${seconds('start')}`,
  );
  console.log(`the file copied and flushed: ${seconds('copy')}`);
  if (work.python) console.log(`torch.load and safetensors.save_file: ${seconds('python')}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

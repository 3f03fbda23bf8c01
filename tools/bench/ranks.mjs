/**
 * Speed of several ranks on one machine: one process of one thread; the same with the step of a rank, which exchanges with nobody;
 * one of two threads with the same images per step as two ranks; and two ranks of one thread each. Wall time and processor time of a
 * process; the sizes and times of messages, and what follows for more ranks.
 *
 *   node tools/bench/ranks.mjs [--mpiexec mpiexec] [--case lenet4] [--batch 128] [--steps 20] [--rounds 5] [--json]
 *
 * To be started in a folder in which koffi is installed. The four sides take turns; medians over the rounds are compared. Images
 * are random and the teacher's outputs are given: what is timed is the step and its exchange. The load of the machine is printed,
 * because two ranks compete with everything else that runs: on a busy machine processor times say more than wall times.
 */
import { spawnSync } from 'node:child_process';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values: flags } = parseArgs({
  options: {
    mpiexec: { type: 'string', default: 'mpiexec' },
    case: { type: 'string', multiple: true, default: ['lenet4', 'resnet20'] },
    batch: { type: 'string', default: '128' },
    steps: { type: 'string', default: '20' },
    rounds: { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
  },
});
const batch = Number(flags.batch);
const WORKER = fileURLToPath(new URL('ranks-worker.mjs', import.meta.url));
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

function measure(command, args) {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', timeout: 600_000 });
  const line = stdout.split('\n').find((text) => text.startsWith('{'));
  if (status !== 0 || line === undefined) throw new Error(`${command} ${args.join(' ')}\n${stdout}${stderr}`);
  return JSON.parse(line);
}

/** Latency in seconds and bytes per second of networks, as assumed for the prediction. */
const NETWORKS = {
  '10 Gbit Ethernet': { latency: 30e-6, bandwidth: 1.1e9 },
  '100 Gbit InfiniBand': { latency: 2e-6, bandwidth: 11e9 },
};

/**
 * Seconds of the exchanges of a step on n ranks: for each of its phases a status, in one round, and the buffer in two, of n - 1
 * messages each; and what a process spends on the bytes itself, as measured.
 */
const exchangeSeconds = ({ phases, bytes, host }, n, { latency, bandwidth }) =>
  host + phases * 3 * (n - 1) * latency + (2 * ((n - 1) / n) * bytes) / bandwidth;

const report = { load: [loadavg()[0]], cases: {} };
for (const name of flags.case) {
  const [one, split, two, ranks] = [[], [], [], []];
  for (let round = 0; round < Number(flags.rounds); round++) {
    const { execPath } = process;
    one.push(measure(execPath, [WORKER, name, `${batch}`, '1', flags.steps]));
    split.push(measure(execPath, [WORKER, name, `${batch}`, '1', flags.steps, 'nothing']));
    two.push(measure(execPath, [WORKER, name, `${2 * batch}`, '2', flags.steps]));
    ranks.push(measure(flags.mpiexec, ['-n', '2', execPath, WORKER, name, `${batch}`, '1', flags.steps]));
    report.load.push(loadavg()[0]);
  }
  const of = (found, key) => median(found.map((each) => each[key]));
  const { mpi, messages } = ranks[0];
  const side = (found, images) => ({
    step: of(found, 'step'),
    processor: of(found, 'processor'),
    images: (1000 * images) / of(found, 'step'),
  });
  const found = {
    mpi,
    one: side(one, batch),
    split: side(split, batch),
    two: side(two, 2 * batch),
    ranks: {
      ...side(ranks, 2 * batch),
      waited: of(ranks, 'waited'),
      exchanged: of(ranks, 'exchanged'),
      bytes: of(ranks, 'bytes'),
    },
    messages: messages.map(({ bytes }, i) => ({
      bytes,
      milliseconds: median(ranks.map((each) => each.messages[i].milliseconds)),
    })),
  };
  report.cases[name] = found;
  if (flags.json) continue;
  const line = (label, { step, processor, images }) =>
    console.log(
      `  ${label.padEnd(34)}${step.toFixed(1).padStart(9)} ms ${images.toFixed(0).padStart(7)} images/s ${processor.toFixed(1).padStart(9)} ms of processor time`,
    );
  console.log(`${name}, ${batch} images per rank (${mpi})`);
  line('1 process, 1 thread', found.one);
  line('1 process, 1 thread, step of a rank', found.split);
  line('1 process, 2 threads, twice the batch', found.two);
  line('2 ranks, 1 thread each', found.ranks);
  console.log(
    `  weak scaling ${((100 * found.one.step) / found.ranks.step).toFixed(0)} %; ${(found.ranks.bytes / 1e6).toFixed(2)} MB per step, ${found.ranks.exchanged.toFixed(1)} ms in exchanges, after ${found.ranks.waited.toFixed(1)} ms in which ranks waited for each other`,
  );
  const share = (side) => ((100 * found.one.processor) / side.processor).toFixed(0);
  console.log(
    `  processor time of one process is ${share(found.split)} % of that of a rank's step, ${share(found.ranks)} % of that of a rank with its exchanges`,
  );
  console.log(
    `  mean over ranks: ${found.messages.map(({ bytes, milliseconds }) => `${bytes} B ${milliseconds.toFixed(2)} ms`).join(', ')}`,
  );
  // What a process spends on the bytes itself: an exchange of two ranks that share memory, without a network.
  const large = found.messages.at(-1);
  const host = (large.milliseconds / 1000 / large.bytes) * found.ranks.bytes;
  for (const [network, cost] of Object.entries(NETWORKS)) {
    const shares = [4, 8, 16, 32, 64].map((n) => {
      const seconds = exchangeSeconds({ phases: 2, bytes: found.ranks.bytes, host }, n, cost);
      return `${n}: ${((100 * found.one.step) / (found.one.step + 1000 * seconds)).toFixed(0)} %`;
    });
    console.log(`  predicted efficiency, ${network}: ${shares.join(', ')}`);
  }
}
if (flags.json) console.log(JSON.stringify(report, null, 2));
else console.log(`load of the machine: ${report.load.map((load) => load.toFixed(1)).join(', ')}`);

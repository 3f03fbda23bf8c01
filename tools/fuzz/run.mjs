/**
 * Feeds damaged files to every reader of files from elsewhere:
 *
 *     node tools/fuzz/run.mjs [--cases 100000] [--from 0] [--for 3600] [--only word] [--seconds 10] [--mebibytes 512]
 *
 * A case is a good file with changes that follow from its number. A reader gets `--for` seconds at most. With
 * `--record <file>` the counts are kept there: another call, of the same build, goes on after the last case, until each
 * reader has had `--cases`. A fault is any error but an AncError, a case that takes more than `--seconds`, or memory beyond
 * `--mebibytes` over what the process had before; `--save <path>` writes its file. Prints a table in Markdown; exits 1 where
 * there was a fault.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { mutated } from '@anc/testing';
import { openRecord } from './record.mjs';
import { targets } from './targets.mjs';

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '100000' },
    from: { type: 'string', default: '0' },
    for: { type: 'string', default: 'Infinity' },
    only: { type: 'string', default: '' },
    seconds: { type: 'string', default: '10' },
    mebibytes: { type: 'string', default: '512' },
    record: { type: 'string' },
    save: { type: 'string' },
  },
});
const [cases, start, seconds, mebibytes] = [values.cases, values.from, values.seconds, values.mebibytes].map(
  Number,
);
const MEBIBYTE = 2 ** 20;
const WATCHED_EVERY = 50;
/** Cases after which counts are recorded. */
const AT_ONCE = 25_000;
const limit = Number(values.for);
const record = openRecord(values.record);

/** Runs the cases from `from` on until one of them has to be ended. */
function attempt(name, from, to, budget) {
  return new Promise((resolve) => {
    const shared = new SharedArrayBuffer(12);
    const state = new Int32Array(shared);
    state[0] = -1; // until the readers are loaded
    const before = process.memoryUsage.rss();
    const found = { faults: [], worst: { ms: 0, seed: -1 }, memory: 0, ended: null, next: from };
    const worker = new Worker(new URL('worker.mjs', import.meta.url), {
      workerData: { name, from, to, shared, budget },
      resourceLimits: { maxOldGenerationSizeMb: mebibytes },
    });
    let [at, since] = [-1, Date.now()];
    const end = (why) => {
      found.ended ??= { why, seed: Math.max(from, state[0]) };
      found.next = found.ended.seed + 1;
      worker.terminate();
    };
    const timer = setInterval(() => {
      const seed = Atomics.load(state, 0);
      if (seed !== at) [at, since] = [seed, Date.now()];
      else if (at >= 0 && Date.now() - since > 1000 * seconds) end(`no end within ${seconds} s`);
      const memory = process.memoryUsage.rss() - before;
      found.memory = Math.max(found.memory, memory);
      if (memory > mebibytes * MEBIBYTE) end(`${Math.round(memory / MEBIBYTE)} MiB`);
    }, WATCHED_EVERY);
    worker.on('message', (message) => {
      if ('fault' in message) found.faults.push(message);
      else found.worst = message.worst;
    });
    worker.on('error', (error) =>
      end(error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'out of memory' : String(error.stack)),
    );
    worker.on('exit', () => {
      clearInterval(timer);
      const next = found.ended === null ? Math.min(to, Math.max(from, state[0] + 1)) : found.next;
      resolve({ ...found, next, accepted: state[1], refused: state[2] });
    });
  });
}

async function measure({ name, file, apart }) {
  let left = limit;
  for (let from = start + record.of(name).cases; from < start + cases && left > 0;) {
    const began = performance.now();
    const part = await attempt(name, from, Math.min(from + AT_ONCE, start + cases), left);
    left -= (performance.now() - began) / 1000;
    const faults = [...part.faults];
    const isEnded = part.ended !== null && apart === true;
    if (part.ended !== null && !isEnded) faults.push({ fault: part.ended.why, seed: part.ended.seed });
    for (const { fault, seed } of faults.slice(0, 5)) {
      process.stderr.write(`${name}, case ${seed}: ${fault}\n`);
      if (values.save !== undefined) writeFileSync(`${values.save}-${seed}`, mutated(file, seed));
    }
    record.add(name, {
      cases: part.next - from,
      accepted: part.accepted,
      refused: part.refused,
      ended: Number(isEnded),
      faults: faults.length,
      ms: Math.max(part.worst.ms, part.ended === null ? 0 : 1000 * seconds),
      memory: part.memory,
    });
    from = part.next;
  }
  return record.of(name);
}

process.stdout.write('| reader | cases | refused | accepted | ended | faults | slowest ms | memory MiB |\n| --- | --: | --: | --: | --: | --: | --: | --: |\n'); // prettier-ignore
let faulty = false;
for (const target of targets.filter(({ name }) => name.includes(values.only))) {
  const { cases: done, refused, accepted, ended, faults, ms, memory } = await measure(target);
  const numbers = [done, refused, accepted, ended, faults, Math.round(ms), Math.round(memory / MEBIBYTE)];
  process.stdout.write(
    `| ${[target.name, ...numbers.map((n) => n.toLocaleString('en-US'))].join(' | ')} |\n`,
  );
  faulty ||= faults > 0;
}
process.exitCode = faulty ? 1 : 0;

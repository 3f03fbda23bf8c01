/**
 * Compares ways to train a student of a given teacher at equal time:
 *
 *   node tools/results/recipes/measure.mjs --pair fashion --size 1600 --changes crop-flip,strong --terms kd@0.002,l1@0.004
 *
 * Time is processor time of one thread, which other work on the machine hardly changes. What an update costs is measured
 * once for each pair, kind of changes and batch; every candidate has the number of updates that the budget of its pair
 * pays: what 15 epochs of `kd` on 1,600 pictures take where files are decoded in every epoch. Agreement is measured on
 * pictures that no student sees, of training files; test images are not opened. Results are added to
 * measured/<name>.json; what is there is not measured again.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { distill } from '@anc/pipeline';
import { changes, methodOf } from './candidates.mjs';
import { pairs, picturesOf } from './pairs.mjs';

const { values } = parseArgs({
  options: {
    pair: { type: 'string' },
    size: { type: 'string', default: '1600' },
    changes: { type: 'string' },
    terms: { type: 'string' },
    batch: { type: 'string', default: '64' },
    views: { type: 'string' },
    seeds: { type: 'string', default: '1' },
    share: { type: 'string', default: '1' },
    data: { type: 'string', default: '../shared/data' },
    work: { type: 'string', default: 'runs/recipes' },
    to: { type: 'string' },
  },
});
const list = (text) => text.split(',').filter((word) => word !== '');
const { pair, data, work } = values;
const [size, batch, share] = [values.size, values.batch, values.share].map(Number);
const views = values.views === undefined ? null : Number(values.views);
const { teacher, student, budget } = pairs[pair];
const target = values.to ?? fileURLToPath(new URL(`measured/${pair}-${size}.json`, import.meta.url));
mkdirSync(work, { recursive: true });
mkdirSync(fileURLToPath(new URL('measured/', import.meta.url)), { recursive: true });

const git = (...args) => execFileSync('git', args, { encoding: 'utf8' }).trim();
const commit = git('rev-parse', '--short', 'HEAD');
const isDirty = git('status', '--porcelain', '--', 'packages', 'tools') !== '';

const measured = existsSync(target) ? JSON.parse(readFileSync(target, 'utf8')) : { costs: {}, rows: [] };
function keep() {
  writeFileSync(`${target}.new`, `${JSON.stringify(measured, null, 1)}\n`);
  renameSync(`${target}.new`, target);
}

const seconds = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

const images = await picturesOf(pair, size, data);

/** Trains one student for each method; returns the agreements by method and the time at the end of every epoch. */
async function train({ change, methods, updates, epochs, seed, remembered }) {
  const times = [];
  const run = distill({
    teacher: teacher(data, work),
    images,
    student,
    methods,
    seed,
    threads: 1,
    folder: null,
    data: { ...changes[change], views },
    training: { epochs, stepsPerEpoch: Math.round(updates / epochs), batchSize: batch },
    ...(remembered && { cache: { directory: `${work}/teacher-outputs` } }),
  });
  for await (const event of run) if (event.type === 'epoch') times.push(seconds());
  const { students } = (await run).result;
  await (await run).dispose();
  return { agreements: students.map(({ agreement }) => agreement), times };
}

/** Processor seconds of an update, fresh teacher outputs included unless views are limited. */
async function costOf(change) {
  const key = `${change}/${batch}${views === null ? '' : `/${views} views`}`;
  if (measured.costs[key] === undefined) {
    const updates = 40 * Math.max(1, Math.round(64 / batch));
    const { times } = await train({
      change,
      methods: [methodOf('kd@0.002')],
      updates: 4 * updates,
      epochs: 4,
      seed: 99,
      remembered: false,
    });
    const each = [1, 2, 3].map((i) => times[i] - times[i - 1]).sort((a, b) => a - b);
    measured.costs[key] = Number((each[1] / updates).toFixed(5));
    keep();
    console.log(`${pair}-${size} ${key}: ${measured.costs[key]} s an update`);
  }
  return measured.costs[key];
}

const same = (row, other) => Object.entries(other).every(([key, value]) => row[key] === value);

for (const seed of list(values.seeds).map(Number)) {
  for (const change of list(values.changes)) {
    const open = list(values.terms).filter(
      (term) => !measured.rows.some((row) => same(row, { change, term, batch, views, seed, share })),
    );
    if (open.length === 0) continue;
    const updates = Math.round((share * budget) / (await costOf(change)));
    const { agreements } = await train({
      change,
      methods: open.map(methodOf),
      updates,
      epochs: 2,
      seed,
      remembered: true,
    });
    open.forEach((term, i) => {
      const agreement = Number(agreements[i].toFixed(4));
      measured.rows.push({
        change,
        term,
        batch,
        views,
        seed,
        share,
        updates,
        agreement,
        commit,
        dirty: isDirty,
      });
      console.log(
        `${pair}-${size} ${change} ${term} b${batch} seed ${seed}: ${updates} updates, ${agreement}`,
      );
    });
    measured.cpu = cpus()[0].model;
    keep();
  }
}

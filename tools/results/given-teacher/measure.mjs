/**
 * Compares ways to train a student of a given teacher at equal time:
 *
 *   node tools/results/given-teacher/measure.mjs --pair fashion --size 1600 --changes crop-flip,strong --terms kd@0.002,l1@0.004
 *
 * Every candidate has the same number of updates, and the teacher's outputs for a fixed number of views of each picture
 * are cached, so that they take the same time but for the changes of pictures. Processor seconds of an update are kept
 * beside; on a busy machine they vary. Agreement is measured on pictures that no student sees, of training files; test
 * images are not opened. Results are added to measured/given-teacher.json; what is there is not
 * measured again.
 *
 * The teachers of `cifar` and `glyphs` are put there first:
 *
 *   npx anc-cli import ../shared/data/models/resnet20-cifar10-akamaster.th --out runs/given-teacher/resnet20.safetensors
 *   npx anc-cli run --limit-train 10000 --methods kd --epochs 1 --teacher-epochs 4 --out runs/given-teacher --name glyphs
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
    views: { type: 'string', default: '8' },
    updates: { type: 'string', default: '700' },
    seeds: { type: 'string', default: '1' },
    data: { type: 'string', default: '../shared/data' },
    work: { type: 'string', default: 'runs/given-teacher' },
  },
});
const list = (text) => text.split(',').filter((word) => word !== '');
const { pair, data, work } = values;
const [size, batch, updates] = [values.size, values.batch, values.updates].map(Number);
const views = values.views === 'all' ? null : Number(values.views);
const { teacher, student } = pairs[pair];
const target = fileURLToPath(new URL('../measured/given-teacher.json', import.meta.url));
mkdirSync(work, { recursive: true });

const git = (...args) => execFileSync('git', args, { encoding: 'utf8' }).trim();
const commit = git('rev-parse', '--short', 'HEAD');
const isDirty = git('status', '--porcelain', '--', 'packages', 'tools') !== '';

/** What is there by now: another process may measure another pair. */
const measured = () => (existsSync(target) ? JSON.parse(readFileSync(target, 'utf8')) : { rows: [] });
function keep(more) {
  const { rows } = measured();
  const all = { cpu: cpus()[0].model, node: process.version, rows: [...rows, ...more] };
  writeFileSync(`${target}.new`, `${JSON.stringify(all, null, 1)}\n`);
  renameSync(`${target}.new`, target);
}

const seconds = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

const images = await picturesOf(pair, size, data);

/** Trains one student for each method; returns their agreements, and the seconds of an update in the second half of each. */
async function train(change, methods, seed) {
  const times = [];
  const run = distill({
    teacher: teacher(data, work),
    images,
    student,
    methods,
    seed,
    threads: 1,
    folder: null,
    data: { ...changes[change], ...(change !== 'plain' && { views }) },
    training: { epochs: 2, stepsPerEpoch: updates / 2, batchSize: batch },
    cache: { directory: `${work}/teacher-outputs` },
  });
  for await (const event of run) if (event.type === 'epoch') times.push(seconds());
  const { students } = (await run).result;
  await (await run).dispose();
  return students.map(({ agreement }, i) => ({
    agreement: Number(agreement.toFixed(4)),
    seconds: Number(((times[2 * i + 1] - times[2 * i]) / (updates / 2)).toFixed(5)),
  }));
}

const same = (row, other) => Object.entries(other).every(([key, value]) => row[key] === value);

for (const seed of list(values.seeds).map(Number)) {
  for (const change of list(values.changes)) {
    const part = { pair, size, change, batch, views, seed, updates };
    const open = list(values.terms).filter(
      (term) => !measured().rows.some((row) => same(row, { ...part, term })),
    );
    if (open.length === 0) continue;
    const results = await train(change, open.map(methodOf), seed);
    const rows = open.map((term, i) => ({ ...part, term, ...results[i], commit, dirty: isDirty }));
    for (const row of rows) console.log(JSON.stringify(row));
    keep(rows);
  }
}

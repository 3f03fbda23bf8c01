/**
 * Runs an experiment of experiments.mjs, part by part, and keeps the results in measured/<name>.json:
 *
 *   node tools/results/measure.mjs fashion-mnist --limit-train 20000 --epochs 3 --data-dir ../shared/data
 *
 * Stopped with Ctrl-C or otherwise, the same command continues, also with another number of `--seeds`. `--part NAME`, once
 * or several times, measures these parts and keeps what was measured of the others before. Then
 * `node tools/results/page.mjs`.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { pairedInterval } from '@anc/pipeline/internal';
import { parse } from 'yaml';
import { experiments } from './experiments.mjs';

const CLI = fileURLToPath(new URL('../../packages/cli/bin/anc-cli.js', import.meta.url));
const INTERRUPTED = 130;

/** How much of an experiment is run: passed to each of its parts. */
const AMOUNTS = [
  ...['epochs', 'teacher-epochs', 'limit-train', 'limit-test', 'batch-size', 'views', 'teacher-cache-mb'],
];
/** Where it is run: changes no figure but the times and last digits. */
const PLACES = ['data-dir', 'threads'];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    ...Object.fromEntries([...AMOUNTS, ...PLACES, 'seeds', 'name'].map((key) => [key, { type: 'string' }])),
    out: { type: 'string', default: join('runs', 'results') },
    part: { type: 'string', multiple: true },
    'dry-run': { type: 'boolean', default: false },
  },
});
const chosen = experiments[positionals[0] ?? ''];
if (chosen === undefined || positionals.length > 1) {
  console.error(`which experiment? One of ${Object.keys(experiments).join(', ')}.`);
  process.exit(2);
}
const [experiment] = positionals;
const unknown = (values.part ?? []).filter((name) => !chosen.parts.some((part) => part.name === name));
if (unknown.length > 0) {
  console.error(
    `no part of ${experiment} is named ${unknown.join(', ')}. Its parts: ${chosen.parts.map((part) => part.name).join(', ')}.`,
  );
  process.exit(2);
}
const name = values.name ?? experiment;
const folder = join(values.out, name);

/** A word of a command line, in quotes where a shell would take it apart. */
const quoted = (word) => (/[\s()[\]]/.test(word) ? `"${word}"` : word);

const given = (keys) => keys.flatMap((key) => (values[key] === undefined ? [] : [`--${key}`, values[key]]));

const seeds = chosen.command === 'compare' ? ['--seeds', values.seeds ?? '3'] : [];

/** What decides a part's result, as words of a command line; `place`: where the parts' folders are. */
const requestOf = ({ options, methods, teacherOf }, place = folder) => [
  ...Object.entries(options)
    .filter(([key]) => values[key] === undefined)
    .flatMap(([key, value]) => [`--${key}`, value]),
  ...(teacherOf === undefined ? [] : ['--teacher', join(place, teacherOf, 'seed-1')]),
  ...seeds,
  ...given(AMOUNTS),
  ...['--methods', methods.join(',')],
];

/** As the page shows it: in the usual place. */
const commandOf = (part) =>
  ['npx', 'anc-cli', chosen.command, ...requestOf(part, join('runs', 'results', name)).map(quoted)].join(' ');

/** Runs the program, its progress shown; what it prints is returned. Exits with its code if it fails. */
function ancCli(args) {
  const child = spawn(process.execPath, [CLI, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (printed += text));
  const pass = (signal) => {
    if (!(signal === 'SIGINT' && process.stdin.isTTY)) child.kill(signal); // a terminal's Ctrl-C reaches both
  };
  process.on('SIGTERM', pass).on('SIGINT', pass);
  return new Promise((resolve) => {
    child.on('close', (code) => {
      process.off('SIGTERM', pass).off('SIGINT', pass);
      if (code === 0) return resolve(JSON.parse(printed));
      if (code === INTERRUPTED) console.error('stopped; the same command goes on from here.');
      else console.error(printed);
      process.exit(code ?? 1);
    });
  });
}

const without = (object, ...keys) =>
  Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)));

/** What is kept of a result: no folders, no hashes of weights. */
const summaryOf = ({ teacher, ...result }) => ({
  ...without(result, 'compare', 'tune', 'found', 'runs'),
  ...(teacher === undefined ? {} : { teacher: without(teacher, 'weights') }),
});

/** Options that the page shows, as the run itself recorded them. */
async function optionsOf(path) {
  const record = parse(await readFile(path, 'utf8'));
  const shown = [
    ...['limitTrain', 'limitTest', 'epochs', 'stepsPerEpoch', 'teacherEpochs'],
    ...['batchSize', 'crop', 'flip', 'views'],
  ];
  const options = record.options ?? record;
  return Object.fromEntries(
    shown.flatMap((key) => (options[key] === undefined ? [] : [[key, options[key]]])),
  );
}

/** The first run's, with the commits at which later ones began. */
async function environmentOf(runs) {
  const records = runs.map((run) => join(run, 'environment.json')).filter((path) => existsSync(path)); // one may have been removed
  const all = await Promise.all(records.map(async (path) => JSON.parse(await readFile(path, 'utf8'))));
  const [{ cpu, node, git, backend }] = all;
  const commits = [...new Set(all.map((one) => one.git?.commit ?? null))];
  return {
    ...{ cpu, node, threads: backend.threads, commit: git?.commit ?? null },
    ...(commits.length > 1 ? { laterCommits: commits.slice(1) } : {}),
    dirty: (git ?? null) === null ? null : all.some((one) => one.git?.dirty === true),
  };
}

/** Where a part keeps its options, and its run folders. */
const recordsOf = (path, { seed = '1' }) =>
  chosen.command === 'compare'
    ? {
        begun: join(path, 'compare.yaml'),
        options: join(path, 'compare.yaml'),
        runs: Array.from({ length: Number(seeds[1]) }, (_, i) => join(path, `seed-${Number(seed) + i}`)),
      }
    : {
        begun: join(path, 'tune.yaml'),
        options: join(path, 'run', 'config.resolved.yaml'),
        runs: [join(path, 'run')],
      };

if (values['dry-run']) {
  for (const part of chosen.parts) console.log(commandOf(part));
  process.exit(0);
}

const request = `${JSON.stringify(
  chosen.parts.map((part) => requestOf(part)),
  null,
  2,
)}\n`;
const record = join(folder, 'request.json');
/** A comparison gets more seeds, or fewer, when it is resumed. */
const withoutSeeds = (words) => words?.filter((word, i) => word !== '--seeds' && words[i - 1] !== '--seeds');

/** Whether what was begun is the same as now, but for seeds and for parts that came after it. */
const continues = (text) => {
  const before = JSON.parse(text);
  const now = JSON.parse(request);
  return before.every(
    (part, i) => JSON.stringify(withoutSeeds(part)) === JSON.stringify(withoutSeeds(now[i])),
  );
};
if (existsSync(record) && !continues(await readFile(record, 'utf8'))) {
  console.error(
    `${folder} was begun with other options, see ${record}: repeat those, or give another --name.`,
  );
  process.exit(2);
}
await mkdir(folder, { recursive: true });
await writeFile(record, request);

const target = fileURLToPath(new URL(`measured/${name}.json`, import.meta.url));
/** What was measured before of a part that is not asked for, also by an earlier command. */
const before = existsSync(target) ? JSON.parse(await readFile(target, 'utf8')).parts : [];
const kept = (part, results = before) =>
  results.filter(({ command, title }) => command === commandOf(part) || title === part.title);

/** The result of a part, of this command or of an earlier one. */
const partOf = (results, name) =>
  kept(
    chosen.parts.find((one) => one.name === name),
    results,
  )[0];

for (const part of chosen.parts) {
  if (part.minus === undefined || !(values.part?.includes(part.name) ?? false)) continue;
  if (values.part.includes(part.minus)) continue;
  const found = partOf(before, part.minus)?.result.seeds.length ?? 0;
  if (found === Number(seeds[1])) continue;
  console.error(
    `${part.name} is compared with ${part.minus}, which has ${found} seeds: measure both together.`,
  );
  process.exit(2);
}

/** Test error of each method minus that of an earlier part, seed by seed. */
function differencesTo(name, { methods }) {
  const other = partOf(parts, name);
  return methods.map((one, i) => {
    const against = other.result.methods[i].testError;
    return { method: one.method, testError: pairedInterval(one.testError.values, against.values) };
  });
}

const parts = [];
for (const part of chosen.parts) {
  if (values.part !== undefined && !values.part.includes(part.name)) {
    parts.push(...kept(part));
    continue;
  }
  const path = join(folder, part.name);
  const records = recordsOf(path, part.options);
  const begun = existsSync(records.begun);
  const args = begun
    ? ['--resume', path, ...seeds]
    : [...requestOf(part), '--out', folder, '--name', part.name];
  console.error(`${name}, ${part.name}: ${begun ? 'goes on' : 'begins'}`);
  const result = await ancCli([chosen.command, ...args, ...given(PLACES), '--json']);
  parts.push({
    ...(part.title === undefined ? {} : { title: part.title }),
    command: commandOf(part),
    options: await optionsOf(records.options),
    environment: await environmentOf(records.runs),
    ...(part.minus === undefined
      ? {}
      : { minus: { part: part.minus, methods: differencesTo(part.minus, result) } }),
    result: summaryOf(result),
  });
}

const measured = {
  experiment,
  title: chosen.title,
  ...(chosen.notes === undefined ? {} : { notes: chosen.notes }),
  command: ['node tools/results/measure.mjs', experiment, ...given(['name', 'seeds', ...AMOUNTS])].join(' '),
  parts,
};
await writeFile(target, `${JSON.stringify(measured, null, 2)}\n`);
console.error(`wrote ${relative(process.cwd(), target)}; now: node tools/results/page.mjs`);

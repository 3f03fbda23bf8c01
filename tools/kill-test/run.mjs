/**
 * Kills `anc-cli` at random moments and continues what it did, and compares the results with those of processes that
 * were not killed: `node tools/kill-test/run.mjs [--kills 20] [--seed 1] [--jobs 2] [--commands run,tune]`.
 *
 * With `--folder <folder>` the log is kept there, a line for each case, and a second call with the same folder goes on
 * where the first one ended. Cases with problems keep their files.
 */
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runCase } from './case.mjs';
import { commandsIn } from './commands.mjs';
import { randomFrom } from './moment.mjs';
import { measured } from './program.mjs';
import { startServer } from './server.mjs';
import { printCounts } from './counts.mjs';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    jobs: { type: 'string', default: String(Math.min(4, availableParallelism())) },
    commands: { type: 'string' },
    folder: { type: 'string' },
  },
});
const [wanted, seed, jobs] = [values.kills, values.seed, values.jobs].map(Number);
const folder =
  values.folder === undefined ? mkdtempSync(join(tmpdir(), 'anc-kill-')) : resolve(values.folder);
const log = join(folder, 'log.jsonl');
mkdirSync(folder, { recursive: true });

const shared = fileURLToPath(new URL('../../../shared/data', import.meta.url));
const dataDir =
  [process.env.ANC_DATA_DIR, shared].find((path) => path && existsSync(join(path, 'fashion-mnist'))) ?? null;
const server = await startServer();
const env = { ANC_KILL_SERVER: server.address };

/** What a command leaves that is not killed, made at its first use. */
const references = new Map();
function referenceOf(command) {
  if (!references.has(command.name)) references.set(command.name, makeReference(command));
  return references.get(command.name);
}

async function makeReference(command) {
  const place = join(folder, 'reference', command.name.replaceAll(' ', '-'));
  const known = `${place}.json`;
  if (existsSync(known)) return { ...JSON.parse(readFileSync(known, 'utf8')), place };
  rmSync(place, { recursive: true, force: true });
  mkdirSync(place, { recursive: true });
  const counts = await measured(command.start, place, env);
  writeFileSync(known, JSON.stringify(counts));
  return { ...counts, place };
}

const trained = join(folder, 'reference', 'run', 'runs', 'run');
const chosen = values.commands?.split(',');
const all = commandsIn({ reference: trained, dataDir });
const commands = all.filter(({ group }) => chosen === undefined || chosen.includes(group));
if (commands.length === 0)
  throw new Error(`--commands: expected some of ${all.map(({ group }) => group).join(', ')}`);
if (dataDir === null) console.log('reproduce is left out: its data, Fashion-MNIST, is not there.');

const records = existsSync(log)
  ? readFileSync(log, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
  : [];
if (records.some((record) => record.seed !== seed)) throw new Error(`${log} is of another seed.`);
const done = new Set(records.map(({ index }) => index));
let delivered = records.reduce((sum, record) => sum + record.delivered, 0);

let next = 0;
async function work() {
  while (delivered < wanted) {
    const index = next++;
    if (done.has(index)) continue;
    const command = commands[index % commands.length];
    const random = randomFrom(seed * 1_000_003 + index);
    const kills = 1 + Math.floor(random() * 3);
    await referenceOf(all[0]); // exports are of its models
    const reference = await referenceOf(command);
    const place = join(folder, `case-${index}`);
    rmSync(place, { recursive: true, force: true });
    const result = await runCase({ command, reference, place, random, kills, env });
    const record = { seed, index, command: command.name, group: command.group, ...result };
    records.push(record);
    delivered += record.delivered;
    appendFileSync(log, `${JSON.stringify(record)}\n`);
    for (const problem of record.problems)
      console.log(`case ${index}, ${command.name}: ${problem} (${place})`);
  }
}

await Promise.all(Array.from({ length: jobs }, work));
server.close();
const failed = records.some(({ problems }) => problems.length > 0);
printCounts(records);
if (values.folder === undefined && !failed) rmSync(folder, { recursive: true, force: true });
else console.log(`log: ${log}`);
process.exitCode = failed ? 1 : 0;

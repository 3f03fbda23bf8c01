/**
 * Damages every file of run folders, comparisons, tunings and reproduced tables, one at a time, and reads them with every
 * command that does: `node tools/damage/run.mjs [--only "finished run"] [--seed 1]`. An error's advice is followed, and the
 * result compared with that of a whole folder. Prints the counts of docs/reliability.md; exits with 1 where something is
 * wrong.
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { randomFrom } from '../kill-test/moment.mjs';
import { differences } from '../kill-test/same-files.mjs';
import { damages } from './damages.mjs';
import { dataDir, folders, makeFolder } from './folders.mjs';
import { documentOf, judge, recoveryIn } from './judge.mjs';
import { ancCli } from './program.mjs';
import { filesOf, stateOf } from './state.mjs';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    seed: { type: 'string', default: '1' },
    files: { type: 'string' },
    verbose: { type: 'boolean' },
  },
});
const root = mkdtempSync(join(tmpdir(), 'anc-damage-'));
const random = randomFrom(Number(values.seed));
/** Where all cases are: paths in documents stay the same. */
const place = join(root, 'place');
const wholeOf = (name) => join(root, name.replaceAll(' ', '-'));

const put = (name) => {
  rmSync(place, { recursive: true, force: true });
  cpSync(wholeOf(name), place, { recursive: true });
};

/** Logs, which nothing relies on, and pages that are made again. */
const NOT_VERIFIED = /\.tfevents\.|(?:^|\/)(?:metrics\.jsonl|report\.html)$/;

const counts = new Map();
const count = (key, what) => {
  const row = counts.get(key) ?? { cases: 0, right: 0, named: 0, recovered: 0, faults: 0 };
  counts.set(key, row);
  row[what]++;
};
const faults = [];

/** Differences to the folder that nothing happened to. */
function differencesOf(one) {
  const whole = wholeOf(one.whole ?? one.name);
  return differences(join(whole, one.folder), place, join(place, one.folder), place); // both were made in `place`
}

/** Without its result a model is not finished. */
const trainsAgain = (file) => /(?:^|\/)(?:result|tuned|tries\/[^/]+)\.json$/.test(file);
/** The epochs of a model that is trained again come last in the log, and in the report. */
const isNotOfLog = (found) => !/^other: (?:.*\/)?(?:metrics\.jsonl|report\.html)$/.test(found);

/** What was wrong after a command in a folder in some state. */
const outcomes = new Map();

/** Follows the advice of an error until the folder is finished. Returns what is wrong then. */
async function recover(one, message) {
  let [said, resumed] = [message, one.readers[0].args];
  const keys = [];
  const known = (wrong) => {
    for (const key of keys) outcomes.set(key, wrong);
    return wrong;
  };
  for (let attempt = 0; attempt < 3; attempt++) {
    const recovery = recoveryIn(said);
    if (recovery === null) return known(null); // a copy is to be restored
    if (!existsSync(recovery.path)) return known([`the advice names what is not there: ${recovery.path}`]);
    rmSync(recovery.path, { recursive: true });
    if (recovery.args !== null) resumed = recovery.args;
    // Damages of one file, and readers, often lead to the same folder here: it is continued once.
    const key = JSON.stringify([one.name, attempt, resumed, stateOf(place)]);
    if (outcomes.has(key)) return known(outcomes.get(key));
    keys.push(key);
    const { code, stdout, stderr } = await ancCli(resumed, place);
    if (code === 0) {
      if (resumed[0] !== one.readers[0].args[0]) {
        const { code: rest } = await ancCli(one.readers[0].args, place);
        if (rest !== 0) return known(['the whole is not finished after its part was']);
      }
      return known(differencesOf(one).filter(isNotOfLog));
    }
    try {
      said = JSON.parse(stdout).error.message;
    } catch {
      return known([`exit code ${code}: ${stderr}`]);
    }
  }
  return known(['three pieces of advice were not enough']);
}

async function damageFile(one, file, what, documents) {
  for (const [i, reader] of one.readers.entries()) {
    put(one.name);
    const changed = damages[what](join(place, one.folder, file), randomFrom(caseSeed));
    if (!changed) return;
    const verified = !NOT_VERIFIED.test(file);
    const outcome = await ancCli(reader.args, place);
    const key = `${one.name}, ${what}`;
    count(key, 'cases');
    let judged = judge(outcome, file, documents[i]);
    if (judged.fault !== undefined && !verified && outcome.code === 0) judged = { right: true }; // what a log shows
    if (judged.right && reader.continues) {
      const found = differencesOf(one)
        .filter((found) => verified || (!found.endsWith(file) && !found.includes('report.html')))
        .filter((found) => !trainsAgain(file) || isNotOfLog(found));
      if (found.length > 0) judged = { fault: `exit code 0, but ${found.slice(0, 3).join('; ')}` };
    }
    if (judged.named !== undefined) {
      const wrong = await recover(one, judged.message);
      if (wrong !== null && wrong.length > 0)
        judged = { fault: `advice was followed, but ${wrong.slice(0, 3).join('; ')} (${judged.message})` };
      else if (wrong !== null) count(key, 'recovered');
    }
    if (judged.fault !== undefined) {
      count(key, 'faults');
      faults.push(`${one.name}: ${file} ${what}: ${reader.name}: ${judged.fault}`);
      console.log(faults.at(-1));
    } else {
      count(key, judged.right ? 'right' : 'named');
      if (values.verbose)
        console.log(`${one.name}: ${file} ${what}: ${reader.name}: ${judged.right ? 'right' : judged.named}`);
    }
  }
}

if (dataDir === null) console.log('reproduce is left out: its data, Fashion-MNIST, is not there.');
let caseSeed = 0;
try {
  const chosen = folders.filter(({ name }) => values.only === undefined || name === values.only);
  for (const one of folders) {
    if (!chosen.some((other) => other === one || other.whole === one.name)) continue;
    rmSync(place, { recursive: true, force: true });
    mkdirSync(place, { recursive: true });
    await makeFolder(one, place);
    renameSync(place, wholeOf(one.name));
  }
  for (const one of chosen) {
    const documents = [];
    for (const reader of one.readers) {
      put(one.name);
      const { code, stdout } = await ancCli(reader.args, place);
      if (code !== 0) throw new Error(`${reader.name} of a whole folder: ${stdout}`);
      documents.push(documentOf(stdout));
    }
    const files = filesOf(join(wholeOf(one.name), one.folder)).filter(
      (file) => values.files === undefined || new RegExp(values.files).test(file),
    );
    for (const file of files) {
      for (const what of Object.keys(damages)) {
        caseSeed = Number(values.seed) + Math.floor(2 ** 31 * random());
        await damageFile(one, file, what, documents);
      }
    }
  }
  printCounts();
} finally {
  rmSync(root, { recursive: true, force: true });
}
process.exit(faults.length > 0 ? 1 : 0);

function printCounts() {
  console.log(
    '\n| folder, damage | cases | right result | error that names the file | recovered by its advice | faults |',
  );
  console.log('| --- | ---: | ---: | ---: | ---: | ---: |');
  const all = { cases: 0, right: 0, named: 0, recovered: 0, faults: 0 };
  for (const [key, row] of [...counts, ['all', all]]) {
    console.log(`| ${[key, row.cases, row.right, row.named, row.recovered, row.faults].join(' | ')} |`);
    for (const what of Object.keys(all)) if (row !== all) all[what] += row[what];
  }
}

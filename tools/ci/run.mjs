/** Runs the stages, adds them to the counts of the unit tests, and ends with the line `N passed, N failed`. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { STAGES } from './stages.mjs';

const SKIPPED = 77;
const BUDGET_MINUTES = 39;
/** Stages that run at the same time: most of them use one core. */
const AT_ONCE = 2;

const { values: options } = parseArgs({
  options: {
    report: { type: 'string' },
    'tests-exit': { type: 'string', default: '0' },
    started: { type: 'string', default: String(Math.floor(Date.now() / 1000)) },
    work: { type: 'string' },
    only: { type: 'string', multiple: true },
  },
});
const deadline = (Number(options.started) + BUDGET_MINUTES * 60) * 1000;

/** Vitest's own counts; a test run that exits with an error counts as at least one failure. */
function unitTests() {
  if (options.report === undefined) return { passed: 0, failed: 0 };
  const exit = Number(options['tests-exit']);
  if (!existsSync(options.report)) {
    console.log('npm test left no report: it failed before a test ran');
    return { passed: 0, failed: 1 };
  }
  const report = JSON.parse(readFileSync(options.report, 'utf8'));
  const broken = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  );
  const failed = report.numFailedTests + broken.length;
  return { passed: report.numPassedTests, failed: exit !== 0 && failed === 0 ? 1 : failed };
}

/** Runs one command in a process group of its own, so that a hung stage ends with all its children. */
function runStage({ command, minutes }) {
  const limit = Math.min(minutes * 60_000, deadline - Date.now());
  if (limit <= 0)
    return Promise.resolve({ code: SKIPPED, output: `no time left within ${BUDGET_MINUTES} minutes` });
  return new Promise((resolve) => {
    const [program, ...args] = command;
    const env = { ...process.env, ...(options.work ? { TMPDIR: options.work } : {}) };
    const child = spawn(program, args, { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const keep = (chunk) => (output += chunk);
    child.stdout.setEncoding('utf8').on('data', keep);
    child.stderr.setEncoding('utf8').on('data', keep);
    let outOfTime = false;
    const timer = setTimeout(() => {
      outOfTime = limit < minutes * 60_000;
      output += outOfTime
        ? `\nno time left within ${BUDGET_MINUTES} minutes`
        : `\nhung: stopped after ${Math.round(limit / 1000)} s`;
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It ended in the same moment.
      }
    }, limit);
    child.on('error', (error) => (output += `\n${error.message}`));
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code: outOfTime ? SKIPPED : (code ?? 1), output: output.trimEnd() });
    });
  });
}

/** The chosen stages in the order in which they start. */
const chosen = STAGES.filter(({ name }) => options.only?.some((part) => name.includes(part)) ?? true);

async function timed(stage) {
  const began = Date.now();
  const outcome = await runStage(stage);
  return { ...outcome, name: stage.name, seconds: ((Date.now() - began) / 1000).toFixed(0) };
}

const count = unitTests();
console.log(`\nunit tests: ${count.passed} passed, ${count.failed} failed.`);
let skipped = 0;

function report({ name, code, output, seconds }) {
  if (code === 0) {
    count.passed += 1;
    console.log(`passed   ${name} (${seconds} s)`);
  } else if (code === SKIPPED) {
    skipped += 1;
    console.log(`skipped  ${name}: ${output.split('\n').at(-1)}`);
  } else {
    count.failed += 1;
    console.log(`${output}\nFAILED   ${name} (${seconds} s, exit code ${code})`);
  }
}

/** Takes one stage after the other until none is left. */
async function work() {
  for (let stage = chosen.shift(); stage !== undefined; stage = chosen.shift()) report(await timed(stage));
}

await Promise.all(Array.from({ length: AT_ONCE }, work));
if (skipped > 0) console.log(`${skipped} skipped, each with its reason above`);
console.log(`${count.passed} passed, ${count.failed} failed`);
process.exitCode = count.failed === 0 ? 0 : 1;

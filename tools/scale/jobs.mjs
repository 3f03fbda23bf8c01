/**
 * Runs a comparison with `--jobs 2`, interrupts it as Ctrl-C does, continues it, kills one of its processes, and compares the
 * results with those of one process, then those of a tuning: `node tools/scale/jobs.mjs`.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from './cluster.mjs';
import { assertSame, CLI, comparisonOf, NAME, run, runAlone, TUNING } from './tiny.mjs';

const root = mkdtempSync(join(tmpdir(), 'anc-scale-'));
const place = (name) => {
  mkdirSync(join(root, name));
  return join(root, name);
};
const comparison = comparisonOf(['l2', 'kd'], 12);
const [alone, shared] = [place('alone'), place('shared')];
const folder = join(shared, 'runs', NAME);

/** Starts the program as a shell does, in a group of processes of its own. */
function start(...args) {
  const child = spawn(process.execPath, [CLI, 'compare', ...args, '--jobs', '2'], {
    cwd: shared,
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let printed = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (printed += text));
  const ended = new Promise((resolve) => child.on('close', (code) => resolve({ code, printed })));
  return { child, ended, printed: () => printed };
}

const childrenOf = (pid) =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);

/** Whether a student is in training that has done some epochs. */
const isTraining = () => {
  try {
    const jobs = readdirSync(join(folder, 'jobs')).filter((name) => !name.startsWith('.'));
    return jobs.some((job) => {
      const names = readdirSync(join(folder, 'jobs', job));
      if (names.includes('finished.json') || !names.some((name) => name.startsWith('.lock.'))) return false;
      const metrics = join(folder, 'jobs', job, 'run', 'metrics.jsonl');
      return existsSync(metrics) && readFileSync(metrics, 'utf8').split('\n').length > 2;
    });
  } catch {
    return false;
  }
};

function expectCode(what, { code, printed }, expected) {
  if (code !== expected)
    throw new Error(`${what}: exit code ${code}, not ${expected}:\n${printed.slice(-2000)}`);
}

try {
  const reference = runAlone(comparison, alone);
  const first = start(...comparison.options);
  await until(isTraining, 120, () => `no student was trained:\n${first.printed()}`);
  const workers = childrenOf(first.child.pid);
  process.kill(-first.child.pid, 'SIGINT');
  expectCode('interrupted', await first.ended, 130);
  const left = workers.filter((pid) => isAlive(pid));
  if (workers.length !== 2 || left.length > 0) throw new Error(`processes: ${workers}, left: ${left}`);
  const second = start('--resume', join('runs', NAME));
  await until(isTraining, 120, () => `no student was trained:\n${second.printed()}`);
  process.kill(childrenOf(second.child.pid)[0], 'SIGKILL');
  const end = await second.ended;
  expectCode('continued', end, 0);
  if (!/job process \d ended by itself \(SIGKILL\)/.test(end.printed)) throw new Error(end.printed);
  await reference;
  const files = assertSame(comparison, join(alone, 'runs', NAME), folder);
  console.log(`interrupted, continued, one process killed: ${files} files the same as of one process`);
  const [oneByOne, atOnce] = [place('tuned-alone'), place('tuned')];
  await Promise.all([
    run('tune', TUNING.options, oneByOne),
    run('tune', [...TUNING.options, '--jobs', '2'], atOnce),
  ]);
  const same = assertSame(TUNING, join(oneByOne, 'runs', NAME), join(atOnce, 'runs', NAME));
  console.log(`a tuning: ${same} files the same as of one process`);
} finally {
  rmSync(root, { recursive: true, force: true });
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

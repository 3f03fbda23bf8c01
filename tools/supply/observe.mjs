/**
 * Runs the commands in a folder of their own, with every connection refused and recorded, and compares what they tried to
 * reach with SECURITY.md: nothing, except for `data get`, which tries the hosts of its dataset. Code outside of JavaScript
 * is observed by what it leaves behind: the home folder has to stay empty, too.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const program = join(here, '../../packages/cli/bin/anc-cli.js');

const TINY = ['--dataset', 'glyphs(train=64,test=32)', '--epochs', '1', '--batch-size', '16', '--quiet'];
const NETWORKS = ['--teacher', 'lenet5', '--student', 'lenet5', '--methods', 'kd'];

/** Commands in order, with the hosts that each may try. */
const COMMANDS = [
  { args: ['list'] },
  { args: ['describe', 'method', 'adversarial'] },
  { args: ['data', 'info', 'glyphs(train=64,test=32)', '--quiet'] },
  { args: ['run', ...TINY, ...NETWORKS, '--backend', 'onnx', '--name', 'tiny'] },
  { args: ['report', 'runs/tiny'] },
  { args: ['eval', 'runs/tiny', '--dataset', 'glyphs(train=64,test=32)'] },
  { args: ['export', 'runs/tiny', '--format', 'onnx', '--out', 'tiny.onnx'] },
  { args: ['check', 'tiny.onnx', 'glyphs(train=64,test=32)', '--quiet'] },
  { args: ['data', 'get', 'mnist', '--offline'], mayFail: true },
  {
    args: ['data', 'get', 'mnist'],
    mayFail: true,
    hosts: ['ossci-datasets.s3.amazonaws.com', 'storage.googleapis.com'],
  },
];

const folder = mkdtempSync(join(tmpdir(), 'anc-network-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const [home, work, cache, watched] = ['home', 'work', 'cache', 'connections'].map((name) =>
  join(folder, name),
);
mkdirSync(home);
mkdirSync(work);

let problems = 0;
for (const { args, hosts = [], mayFail = false } of COMMANDS) {
  rmSync(watched, { force: true });
  // Nothing of the caller's environment: a variable of continuous integration turns the telemetry of some packages off.
  const env = {
    PATH: process.env.PATH,
    HOME: home,
    ANC_CACHE_DIR: cache,
    ANC_WATCH_FILE: watched,
    NODE_OPTIONS: `--import=${new URL('watch-connections.mjs', import.meta.url).href}`,
  };
  const run = spawnSync(process.execPath, [program, ...args], { cwd: work, env, encoding: 'utf8' });
  const tried = existsSync(watched)
    ? [...new Set(readFileSync(watched, 'utf8').trim().split('\n'))].sort()
    : [];
  const left = readdirSync(home);
  const wrong = [
    run.status !== 0 && !mayFail ? `it failed: ${run.stderr.trim()}` : null,
    tried.join() !== hosts.toSorted().join() ? `expected ${hosts.join(', ') || 'no connection'}` : null,
    left.length > 0 ? `left ${left.join(', ')} in the home folder` : null,
  ].filter(Boolean);
  problems += wrong.length;
  console.log(
    `${wrong.length === 0 ? 'ok  ' : 'FAIL'} ${args.join(' ')}: ${tried.join(', ') || 'no connection'}`,
  );
  for (const one of wrong) console.log(`     ${one}`);
}
process.exitCode = problems === 0 ? 0 : 1;

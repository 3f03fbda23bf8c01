/** Starts `anc-cli`, and kills it. */
import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const CLI = fileURLToPath(new URL('../../packages/cli/bin/anc-cli.js', import.meta.url));
const PRELOAD = new URL('preload.mjs', import.meta.url).href;

/** Seconds after which a process counts as hung, and after a signal that it handles. */
const HUNG = 180;

/**
 * Runs it to its end, or until the kill. `hung`: it had to be ended by this program.
 *
 * @returns {Promise<{ code: number | null, signal: string | null, output: string, seconds: number, hung: boolean }>}
 */
export function ancCli(args, cwd, kill = null, env = {}) {
  return new Promise((resolve) => {
    const begin = performance.now();
    const atOperation = kill?.kind === 'operation' ? { ANC_KILL: JSON.stringify(kill) } : {};
    const child = spawn(process.execPath, ['--import', PRELOAD, CLI, ...args], {
      cwd,
      env: { ...process.env, ...env, ...atOperation },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout.on('data', (text) => (output += text));
    child.stderr.on('data', (text) => (output += text));
    let hung = false;
    const timers = [setTimeout(() => ((hung = true), child.kill('SIGKILL')), 1000 * HUNG)];
    if (kill !== null && kill.after !== undefined) {
      const end = () => kill.signals.forEach((signal) => child.kill(signal));
      timers.push(setTimeout(end, kill.after));
    }
    child.on('close', (code, signal) => {
      timers.forEach(clearTimeout);
      resolve({ code, signal, output, seconds: (performance.now() - begin) / 1000, hung });
    });
  });
}

/** Runs a command that is not killed. Returns its duration and how many operations of the file system it made. */
export async function measured(args, cwd, env) {
  const file = join(cwd, '..', `operations-${process.pid}-${Math.random().toString(36).slice(2)}`);
  const { code, output, seconds } = await ancCli(args, cwd, null, { ...env, ANC_KILL_COUNT: file });
  if (code !== 0) throw new Error(`anc-cli ${args.join(' ')} failed without a kill\n${output}`);
  const operations = Number(readFileSync(file, 'utf8'));
  rmSync(file);
  return { seconds, operations };
}

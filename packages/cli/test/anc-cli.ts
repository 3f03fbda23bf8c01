import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runProgram } from '../src/program.js';
import type { Stream } from '../src/terminal/terminal.js';

const bin = fileURLToPath(new URL('../bin/anc-cli.js', import.meta.url));

export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunCliOptions {
  readonly cwd: string;
  /** Sends `signal` once stderr holds `after`, and once more when that many milliseconds are over. */
  readonly interrupt?: {
    readonly after: string;
    readonly signal: NodeJS.Signals;
    readonly again?: number;
  };
}

/** Runs the built program in a process of its own. */
export function ancCli(args: readonly string[], { cwd, interrupt }: RunCliOptions): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [bin, ...args], {
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [stdout, stderr, sent] = ['', '', false];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
      if (interrupt !== undefined && !sent && stderr.includes(interrupt.after)) {
        sent = true;
        child.kill(interrupt.signal);
        if (interrupt.again !== undefined) setTimeout(() => child.kill(interrupt.signal), interrupt.again);
      }
    });
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}

/**
 * The program in this process, from its sources: quicker, where the process itself is not the point. Ctrl-C comes once
 * stderr holds `interruptAfter`.
 */
export async function inProcess(
  args: readonly string[],
  cwd: string,
  interruptAfter?: string,
): Promise<Outcome> {
  let [stdout, stderr, interrupted] = ['', '', false];
  const stream = (take: (text: string) => unknown) =>
    ({ isTTY: false, columns: 80, write: (text: string) => (take(text), true) }) as Stream;
  const code = await runProgram(args, {
    cwd,
    stdout: stream((text) => (stdout += text)),
    stderr: stream((text) => {
      stderr += text;
      if (interrupted || interruptAfter === undefined || !stderr.includes(interruptAfter)) return;
      interrupted = true;
      process.emit('SIGINT', 'SIGINT');
    }),
  });
  return { code, signal: null, stdout, stderr };
}

export interface Workplace {
  readonly path: string;
  files(): Promise<string[]>;
  remove(): Promise<void>;
}

/** An empty folder to run in. */
export async function workplace(): Promise<Workplace> {
  const path = await mkdtemp(join(tmpdir(), 'anc-cli-'));
  return {
    path,
    files: async () => (await readdir(path)).sort(),
    remove: () => rm(path, { recursive: true, force: true }),
  };
}

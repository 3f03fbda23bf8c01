import { fork } from 'node:child_process';
import type { Plugin } from '@anc/core';
import { builtFile, type BackendReport } from '@anc/core/internal';
import type { Named } from '../text/named.js';

/** What a probe is asked. */
export interface ProbeRequest {
  readonly backend: Named;
  /** Packages or files that may bring the backend. */
  readonly plugins: readonly string[];
  /** How long the speed is read. */
  readonly seconds: number;
}

/** Names of the backends that plugin objects bring: no other process can load them. */
export const backendsOf = (plugins: readonly (string | Plugin)[]): ReadonlySet<string> =>
  new Set(
    plugins.flatMap((plugin) => (typeof plugin === 'string' ? [] : Object.keys(plugin.backends ?? {}))),
  );

/** Opening a backend, compiling its first kernels: what the reading itself does not include. */
const PATIENCE_SECONDS = 60;

/**
 * Opens a backend in a process of its own and reads its speed. A native library that takes its process down,
 * or that does not bear another one beside it, takes nothing else along: that becomes the report's reason.
 */
export function probeBackend(
  request: ProbeRequest,
  cwd: string,
  patience = PATIENCE_SECONDS,
): Promise<BackendReport> {
  return new Promise((resolve) => {
    const child = fork(builtFile('probe-process.js', import.meta.url), [], {
      cwd,
      execArgv: [],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    let report: BackendReport | null = null;
    let said = '';
    let late = false;
    const timer = setTimeout(
      () => {
        late = true;
        child.kill('SIGKILL');
      },
      1000 * (patience + request.seconds),
    );
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-4000)));
    child.on('message', (message) => (report = message as BackendReport));
    child.on('error', () => {}); // `close` follows, without a report
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      const why = late
        ? `it did not answer within ${patience} s`
        : `its process ended with ${signal ?? `exit code ${code}`}`;
      resolve(report ?? crashed(request.backend.name, why, lastLine(said)));
    });
    child.send(request, () => {}); // where it cannot be sent, the process has ended
  });
}

function lastLine(text: string): string | null {
  const line = text.trim().split('\n').at(-1)?.trim() ?? '';
  return line === '' ? null : line;
}

const crashed = (name: string, why: string, said: string | null): BackendReport => ({
  name,
  usable: false,
  reason: said === null ? `${why}.` : `${why} (${said})`,
  remedy: 'use another backend; reinstall the package that brings this one.',
  install: null,
  device: null,
  memory: null,
  imagesPerSecond: null,
});

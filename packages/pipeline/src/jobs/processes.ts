import { fork } from 'node:child_process';
import { AncError, isAncError } from '@anc/core';
import { builtFile, receivedError, type SentError } from '@anc/core/internal';
import type { RunEvent } from '../events/events.js';
import { afterWorkBegan } from '../events/work-error.js';
import type { JobCall } from './job.js';

/** What a process is given before it works; plain values only. */
export interface WorkerRequest {
  /** The folder of several runs. */
  readonly folder: string;
  readonly cwd: string;
  /** Its number among the processes. */
  readonly index: number;
  readonly offline: boolean;
  readonly discoverPlugins: boolean | undefined;
  readonly acceptPlugins: boolean | undefined;
  readonly changes: Readonly<Record<string, unknown>>;
}

/** What a process says. */
export type WorkerMessage =
  | { readonly event: RunEvent }
  /** The end of its work; `false`: it was interrupted. */
  | { readonly end: boolean }
  | { readonly error: SentError };

/** Several processes of this machine that share the jobs of a folder. */
export interface Processes {
  readonly count: number;
  /** Starts them and waits until they have ended. Returns false where the signal was aborted; throws the first error. */
  run(folder: string, call: JobCall): Promise<boolean>;
}

export const processes = (count: number, request: Omit<WorkerRequest, 'folder' | 'index'>): Processes => ({
  count,
  async run(folder, { emit, signal }) {
    const ends = await Promise.all(
      Array.from({ length: count }, (_, index) => {
        const scope = `job process ${index + 1}`;
        const call = { emit: (event: RunEvent) => emit({ worker: index, ...event }), signal };
        return runOne({ ...request, folder, index }, scope, call);
      }),
    );
    if (signal.aborted) return false;
    const failed = ends.filter((end) => typeof end !== 'boolean');
    // What one met itself says more than what another heard of it.
    const [first] = failed.sort((a, b) => Number(isHearsay(a)) - Number(isHearsay(b)));
    if (ends.includes(true) && failed.every(isLost)) return true;
    if (first !== undefined) throw afterWorkBegan(first);
    return ends.every((end) => end === true);
  },
});

const isHearsay = (error: unknown): boolean => isAncError(error) && ['ANC_JOB', LOST].includes(error.code);

const LOST = 'ANC_JOB_LOST';
const isLost = (error: unknown): boolean => isAncError(error) && error.code === LOST;

/** How a process ended: as `work` did, or with an error. */
function runOne(request: WorkerRequest, who: string, { emit, signal }: JobCall): Promise<boolean | Error> {
  return new Promise((resolve) => {
    const child = fork(builtFile('worker-process.js', import.meta.url), [], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      serialization: 'advanced',
    });
    let end: boolean | Error | null = null;
    let printed = '';
    const stop = (): void => {
      if (child.connected) child.send('stop');
    };
    signal.addEventListener('abort', stop);
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (printed = (printed + text).slice(-2000)));
    child.on('message', (message: WorkerMessage) => {
      if ('event' in message) emit(message.event);
      else if ('end' in message) end = message.end;
      else end = receivedError(message.error);
    });
    child.on('error', () => undefined); // `close` follows
    child.on('close', (code, killed) => {
      signal.removeEventListener('abort', stop);
      if (end === null && signal.aborted) end = false;
      if (end === null) {
        end = lostError(who, killed ?? `exit code ${code}`, printed);
        emit({ type: 'notice', message: `${end.message} Its job is done by another one, if there is one.` });
      }
      resolve(end);
    });
    child.send(request, () => undefined); // where it cannot be sent, it has ended
    if (signal.aborted) stop();
  });
}

function lostError(who: string, received: string, printed: string): AncError {
  return new AncError(LOST, `${who} ended by itself (${received}).`, {
    expected: 'its work done, or an error',
    received: printed.trim() === '' ? received : `${received}; it printed: ${printed.trim().slice(-400)}`,
    hint: 'if it was killed for memory, use fewer --jobs; finished jobs are kept: resume.',
  });
}

import { fork } from 'node:child_process';
import type { OnnxTeacherOptions } from '@anc/backend-onnx';
import { AncError } from '@anc/core';
import { builtFile } from '@anc/core/internal';

/** What is tried: an ONNX classifier, from loading to its first inferences; or the reading of a Keras file. */
export type TrialRequest =
  | {
      readonly kind: 'onnx';
      readonly path: string;
      readonly shown: string;
      readonly images: readonly [number, number, number];
      readonly options: OnnxTeacherOptions;
      /** What decides between several outputs. */
      readonly imageClasses?: number;
      readonly classNames?: readonly string[];
      /** Shape of one image's outputs, where a task has more than one axis of them. */
      readonly outputs?: readonly number[];
    }
  | { readonly kind: 'keras'; readonly path: string };

/** The request as it is sent, and the bytes that the process may take. */
export interface SentTrial {
  readonly request: TrialRequest;
  readonly mostBytes: number;
}

/** What the process answers: the work came to an end, be it an error; or it took too much memory. */
export type TrialReply = 'ended' | 'too large';

export interface TrialLimits {
  readonly seconds: number;
  readonly bytes: number;
}

const MEBIBYTE = 2 ** 20;

/**
 * Limits for a file of `length` bytes: 30 s and a second per 2 MiB more, or `ANC_TRIAL_SECONDS`; and 24 times its length
 * of memory beside what the runtime takes: 2 GiB for ONNX Runtime, 512 MiB otherwise.
 */
export function trialLimits(kind: TrialRequest['kind'], length: number): TrialLimits {
  const own = Number(process.env['ANC_TRIAL_SECONDS']);
  return {
    seconds: own > 0 ? own : 30 + length / (2 * MEBIBYTE),
    bytes: (kind === 'onnx' ? 2048 : 512) * MEBIBYTE + 24 * length,
  };
}

/** Trials that ended: the same file is not tried again. */
const passed = new Set<string>();

/**
 * Does in a process of its own, and forgets, what is about to be done with a file that may come from anywhere, so that
 * endless loops, exhausted memory and crashes of native code end that process alone. An error of the work itself is left
 * for the caller, who meets it again.
 *
 * `ANC_TRIAL_SECONDS=0` leaves it out, for files that are trusted: it takes a second or two.
 *
 * @param state identifies the file's content
 * @throws `ANC_ONNX` or `ANC_WEIGHTS` where it took too long or too much memory, or crashed
 */
export async function tryApart(request: TrialRequest, state: string, limits: TrialLimits): Promise<void> {
  if (process.env['ANC_TRIAL_SECONDS'] === '0') return;
  const key = JSON.stringify([state, request]);
  if (passed.has(key)) return;
  const problem = await problemOf(request, limits);
  if (problem !== null) throw failed(request, problem, limits);
  passed.add(key);
}

/**
 * Why the work came to no good end; null if it did. Ctrl-C reaches the process as well, which says nothing of the file: where it ended before
 * it could ignore that, it is tried once more.
 */
function problemOf(request: TrialRequest, limits: TrialLimits, mayRepeat = true): Promise<string | null> {
  const { seconds, bytes } = limits;
  return new Promise((resolve) => {
    const child = fork(builtFile('trial-process.js', import.meta.url), [], {
      execArgv: [`--max-old-space-size=${Math.ceil(bytes / MEBIBYTE)}`],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    let reply: TrialReply | null = null;
    let printed = '';
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill('SIGKILL');
    }, 1000 * seconds);
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (printed = (printed + text).slice(-4000)));
    child.on('message', (message) => (reply = message as TrialReply));
    child.on('error', () => {}); // `close` follows, without a reply
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (reply === 'ended') resolve(null);
      else if (reply === 'too large' || /heap out of memory|bad_alloc/.test(printed))
        resolve(`more than ${Math.round(bytes / MEBIBYTE)} MiB of memory`);
      else if (signal === 'SIGINT' && mayRepeat) resolve(problemOf(request, limits, false));
      else if (late) resolve(`no end within ${Math.round(seconds)} s`);
      else resolve(`its process ended with ${signal ?? `exit code ${code}`}`);
    });
    child.send({ request, mostBytes: bytes } satisfies SentTrial, () => {}); // where it cannot be sent, it has ended
  });
}

function failed(request: TrialRequest, received: string, { seconds, bytes }: TrialLimits): AncError {
  const expected = `${Math.round(seconds)} s and ${Math.round(bytes / MEBIBYTE)} MiB at most`;
  const slow = 'if it is only slow on this machine, allow more seconds: ANC_TRIAL_SECONDS=300.';
  return request.kind === 'onnx'
    ? new AncError('ANC_ONNX', `${request.shown}: its first inference does not end well.`, {
        expected,
        received,
        hint: `a loop or a size in the model has no reasonable end; ${slow}`,
      })
    : new AncError('ANC_WEIGHTS', 'not a readable Keras file: reading it does not end well.', {
        expected,
        received,
        hint: `the file is damaged: download or export it again; ${slow}`,
      });
}

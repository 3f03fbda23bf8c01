import type { CallThread, ThreadListener, ThreadReply } from './calls.js';

/** How a thread of Node is started. */
export interface NodeThreadOptions {
  /** What it is given to begin with. */
  readonly workerData?: unknown;
  /** Whether it has the environment of the process, not a copy: C libraries read that. */
  readonly sharesEnvironment?: boolean;
  /** Called when it has ended, before its listener hears of it. */
  readonly ended?: () => void;
}

/** Starts a thread of Node from a file that answers requests. */
export function nodeThread(
  entry: URL,
  listener: ThreadListener,
  { workerData, sharesEnvironment = false, ended }: NodeThreadOptions = {},
): CallThread {
  const threads = process.getBuiltinModule('node:worker_threads');
  const worker = new threads.Worker(entry, {
    execArgv: [],
    workerData,
    env: sharesEnvironment ? threads.SHARE_ENV : process.env,
  });
  worker.unref();
  worker.on('message', (reply: ThreadReply) => listener.answered(reply));
  worker.on('error', (error) => listener.failed(error));
  worker.on('exit', (code) => {
    ended?.();
    listener.failed(new Error(`the engine's thread ended with code ${code}`));
  });
  return {
    post: (request, transfer) => worker.postMessage(request, [...transfer]),
    hold: (held) => (held ? worker.ref() : worker.unref()),
    end: async () => {
      await worker.terminate();
    },
  };
}

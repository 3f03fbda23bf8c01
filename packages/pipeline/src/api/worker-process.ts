import { sentError } from '@anc/core/internal';
import type { WorkerMessage, WorkerRequest } from '../jobs/processes.js';
import type { RunEvent } from '../events/events.js';
import { workIn } from './work.js';

/*
 * A process that another one started for its jobs: it takes jobs of a folder until none is left, and ends with its parent. The
 * first signal, or word of the parent, aborts, so that a checkpoint is written; a second signal ends the process at once.
 */

const INTERRUPTED = 130;
/** Milliseconds between two steps that the parent hears of: it shows no more of them. */
const INTERVAL = 100;
const OFTEN = new Set<RunEvent['type']>(['step', 'metrics', 'activity']);

const controller = new AbortController();
const stop = (): void => controller.abort();
let signals = 0;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (++signals > 1) process.exit(INTERRUPTED);
    stop();
  });
}
process.on('disconnect', stop);

const send = (message: WorkerMessage): Promise<void> =>
  new Promise((resolve) => {
    if (process.connected) process.send!(message, () => resolve());
    else resolve();
  });

process.on('message', (message: WorkerRequest | 'stop') => {
  if (message === 'stop') stop();
  else void answer(message);
});

const shown = new Map<RunEvent['type'], number>();

function emit(event: RunEvent): void {
  if (OFTEN.has(event.type)) {
    const now = performance.now();
    if (now - (shown.get(event.type) ?? -INTERVAL) < INTERVAL) return;
    shown.set(event.type, now);
  }
  void send({ event });
}

async function answer({ folder, changes, discoverPlugins, acceptPlugins, ...call }: WorkerRequest) {
  try {
    const options = {
      ...changes,
      ...call,
      ...(discoverPlugins !== undefined && { discoverPlugins }),
      ...(acceptPlugins !== undefined && { acceptPlugins }),
      leavesReport: true,
      signal: controller.signal,
    };
    await send({ end: (await workIn(folder, options, emit)) !== null });
  } catch (error) {
    await send({ error: sentError(error) });
  }
  process.exit(); // whatever libraries left running
}

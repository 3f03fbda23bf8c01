import { parentPort } from 'node:worker_threads';
import { sentError } from '@anc/core/internal';
import { Engine } from './engine.js';
import type { Reply, Request, SentTensors } from './protocol.js';

const engine = new Engine();
const port = parentPort!;

async function answer({ id, name, args }: Request): Promise<void> {
  try {
    const call = engine[name].bind(engine) as (...args: readonly unknown[]) => unknown;
    const value = await call(...args);
    const buffers =
      name === 'run' || name === 'runStep' || name === 'readState'
        ? Object.values(value as SentTensors).map(({ data }) => data.buffer as ArrayBuffer)
        : [];
    port.postMessage({ id, value } satisfies Reply, buffers);
  } catch (error) {
    port.postMessage({ id, error: sentError(error) } satisfies Reply);
  }
}

// One call after the other, however early it is sent.
let last = Promise.resolve();
port.on('message', (request: Request) => {
  last = last.then(() => answer(request));
});

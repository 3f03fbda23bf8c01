import { parentPort } from 'node:worker_threads';
import { Engine } from './engine.js';
import type { Reply, Request, Wires } from './protocol.js';

const engine = new Engine();
const port = parentPort!;

/** Buffers of a reply that the worker does not keep. */
function transferable({ name }: Request, value: unknown): ArrayBuffer[] {
  if (name !== 'readState' && name !== 'runFunction') return [];
  const buffers = Object.values(value as Wires).map(({ data }) => data.buffer as ArrayBuffer);
  return [...new Set(buffers)];
}

async function answer(request: Request): Promise<void> {
  const { id, name, args } = request;
  try {
    const call = engine[name].bind(engine) as (...args: readonly unknown[]) => Promise<unknown>;
    const value = await call(...args);
    port.postMessage({ id, value } satisfies Reply, transferable(request, value));
  } catch (error) {
    const { message, stack } = error instanceof Error ? error : new Error(String(error));
    port.postMessage({ id, error: { message, stack } } satisfies Reply);
  }
}

// One call after the other: a step that is sent early still runs after the one before it.
let last = Promise.resolve();
port.on('message', (request: Request) => {
  last = last.then(() => answer(request));
});

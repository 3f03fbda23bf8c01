import { Engine } from './engine.js';
import { Gate } from './gate.js';
import type { Reply, Request, SerializedTensors } from './protocol.js';

const engine = new Engine();

/** Connection to the thread that started this one, in Node or in a browser. */
interface Port {
  postMessage(reply: Reply, transfer?: ArrayBuffer[]): void;
}

/** Buffers of a reply that the worker does not keep. */
function transferable({ name }: Request, value: unknown): ArrayBuffer[] {
  if (name === 'runSection') return [(value as Float32Array).buffer as ArrayBuffer];
  if (name !== 'readState' && name !== 'runFunction') return [];
  const buffers = Object.values(value as SerializedTensors).map(({ data }) => data.buffer as ArrayBuffer);
  return [...new Set(buffers)];
}

/** Tells the thread that started this one when it must not end it; null in browsers, which may end theirs at any time. */
let gate: Gate | null = null;

async function answer(port: Port, request: Request): Promise<void> {
  const { id, name, args } = request;
  gate?.enter();
  try {
    const call = engine[name].bind(engine) as (...args: readonly unknown[]) => Promise<unknown>;
    const value = await call(...args);
    port.postMessage({ id, value } satisfies Reply, transferable(request, value));
  } catch (error) {
    const { message, stack } = error instanceof Error ? error : new Error(String(error));
    port.postMessage({ id, error: { message, stack } } satisfies Reply);
  }
  gate?.leave();
}

// One call after the other: a step runs after the one before it, however early it is sent.
let last = Promise.resolve();
const enqueue = (port: Port, request: Request): void => {
  last = last.then(() => answer(port, request));
};

if (typeof process !== 'undefined' && typeof process.getBuiltinModule === 'function') {
  const threads = process.getBuiltinModule('node:worker_threads');
  const port = threads.parentPort!;
  gate = new Gate((threads.workerData as { gate: SharedArrayBuffer }).gate);
  port.on('message', (request: Request) => enqueue(port, request));
} else {
  const scope = globalThis as unknown as Port & { onmessage: (event: { readonly data: Request }) => void };
  scope.onmessage = ({ data }) => enqueue(scope, data);
}

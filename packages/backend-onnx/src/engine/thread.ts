import { Gate } from './gate.js';
import type { Reply, Request } from './protocol.js';

/** A thread that answers requests: the same interface in Node and in browsers. */
export interface EngineThread {
  post(request: Request, transfer: readonly ArrayBuffer[]): void;
  /** Whether the thread keeps the process alive. */
  hold(held: boolean): void;
  end(): Promise<void>;
}

interface Listener {
  answered(reply: Reply): void;
  failed(error: Error): void;
}

/** The part of a browser's `Worker` that is used here. */
interface WebWorker {
  onmessage: ((event: { readonly data: Reply }) => void) | null;
  onerror: ((event: { readonly message?: string }) => void) | null;
  postMessage(message: Request, transfer: readonly ArrayBuffer[]): void;
  terminate(): void;
}
declare const Worker: new (url: URL, options: { readonly type: 'module' }) => WebWorker;

/** Starts the worker, in Node or in a browser. */
export function startThread(listener: Listener): EngineThread {
  return typeof process !== 'undefined' && typeof process.getBuiltinModule === 'function'
    ? inNode(listener)
    : inBrowser(listener);
}

/** The worker's entry point: the built file, also for sources that a test runner loads. */
function nodeEntry(): URL {
  const here = import.meta.url;
  const built = here.endsWith('.ts') ? here.replace(/\/src\/engine\/[^/]*$/, '/dist/engine/') : here;
  return new URL('worker.js', built);
}

/** Milliseconds that an exiting process waits for a running call: more than a step takes. */
const EXIT_TIMEOUT = 60_000;

/** Gates of the open engines. */
const gates = new Set<Gate>();

/** Runs before `process.exit` ends all threads, wherever they are. */
function closeGates(): void {
  for (const gate of gates) gate.close(EXIT_TIMEOUT);
}

/**
 * ONNX Runtime's official builds for Linux and macOS send usage data to Microsoft unless this variable is set when they are
 * loaded. They read the process's environment, which the main thread can set and a worker cannot.
 */
export function refuseTelemetry(): void {
  process.env.ORT_DISABLE_TELEMETRY ??= '1';
}

function inNode(listener: Listener): EngineThread {
  refuseTelemetry();
  const threads = process.getBuiltinModule('node:worker_threads');
  const gate = new Gate();
  if (gates.size === 0) process.on('exit', closeGates);
  gates.add(gate);
  const forget = (): void => {
    gates.delete(gate);
    if (gates.size === 0) process.off('exit', closeGates);
  };
  const worker = new threads.Worker(nodeEntry(), { execArgv: [], workerData: { gate: gate.memory } });
  worker.unref();
  worker.on('message', (reply: Reply) => listener.answered(reply));
  worker.on('error', (error) => listener.failed(error));
  worker.on('exit', (code) => {
    forget(); // a call that it was in ended with it
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

function inBrowser(listener: Listener): EngineThread {
  // Bundlers recognize exactly this form.
  const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
  worker.onmessage = ({ data }) => listener.answered(data);
  worker.onerror = ({ message }) => listener.failed(new Error(message ?? 'the worker could not be loaded'));
  return {
    post: (request, transfer) => worker.postMessage(request, transfer),
    hold: () => {},
    end: () => {
      worker.terminate();
      return Promise.resolve();
    },
  };
}

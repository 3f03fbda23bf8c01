import {
  builtFile,
  nodeThread,
  type CallThread,
  type ThreadListener,
  type ThreadReply,
  type ThreadRequest,
} from '@anc/core/internal';
import { Gate } from './gate.js';

/** The part of a browser's `Worker` that is used here. */
interface WebWorker {
  onmessage: ((event: { readonly data: ThreadReply }) => void) | null;
  onerror: ((event: { readonly message?: string }) => void) | null;
  postMessage(message: ThreadRequest, transfer: readonly ArrayBuffer[]): void;
  terminate(): void;
}
declare const Worker: new (url: URL, options: { readonly type: 'module' }) => WebWorker;

/** Starts the worker, in Node or in a browser. */
export function startThread(listener: ThreadListener): CallThread {
  return typeof process !== 'undefined' && typeof process.getBuiltinModule === 'function'
    ? inNode(listener)
    : inBrowser(listener);
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

function inNode(listener: ThreadListener): CallThread {
  refuseTelemetry();
  const gate = new Gate();
  if (gates.size === 0) process.on('exit', closeGates);
  gates.add(gate);
  return nodeThread(builtFile('worker.js', import.meta.url), listener, {
    workerData: { gate: gate.memory },
    ended: () => {
      gates.delete(gate); // a call that it was in ended with it
      if (gates.size === 0) process.off('exit', closeGates);
    },
  });
}

function inBrowser(listener: ThreadListener): CallThread {
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

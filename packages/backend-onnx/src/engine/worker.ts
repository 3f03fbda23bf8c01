import { answerCalls, type ThreadReply, type ThreadRequest } from '@anc/core/worker';
import { Engine } from './engine.js';
import { Gate } from './gate.js';
import type { EngineCalls, SerializedTensors } from './protocol.js';

/** Connection to the thread that started this one, in Node or in a browser. */
interface Port {
  postMessage(reply: ThreadReply, transfer: ArrayBuffer[]): void;
}

const arraysOf = (tensors: SerializedTensors): ArrayBufferView[] =>
  Object.values(tensors).map(({ data }) => data);

/** @param gate tells the thread that started this one when it must not end it; null in browsers, which may end theirs at any time */
const answering = (port: Port, gate: Gate | null): ((request: ThreadRequest) => void) =>
  answerCalls<EngineCalls>(new Engine(), (reply, transfer) => port.postMessage(reply, transfer), {
    moved: { runSection: (sent) => [sent], readState: arraysOf, runFunction: arraysOf },
    enter: () => gate?.enter(),
    leave: () => gate?.leave(),
  });

if (typeof process !== 'undefined' && typeof process.getBuiltinModule === 'function') {
  const threads = process.getBuiltinModule('node:worker_threads');
  const port = threads.parentPort!;
  port.on('message', answering(port, new Gate((threads.workerData as { gate: SharedArrayBuffer }).gate)));
} else {
  const scope = globalThis as unknown as Port & {
    onmessage: (event: { readonly data: ThreadRequest }) => void;
  };
  const take = answering(scope, null);
  scope.onmessage = ({ data }) => take(data);
}

import { parentPort } from 'node:worker_threads';
import { answerCalls, type ThreadRequest } from '@anc/core/worker';
import { Engine } from './engine.js';
import type { EngineCalls, SentTensors } from './protocol.js';

const port = parentPort!;

const arraysOf = (tensors: SentTensors): ArrayBufferView[] => Object.values(tensors).map(({ data }) => data);

const take = answerCalls<EngineCalls>(new Engine(), (reply, transfer) => port.postMessage(reply, transfer), {
  moved: { run: arraysOf, runStep: arraysOf, readState: arraysOf },
});
port.on('message', (request: ThreadRequest) => take(request));

import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { readRegularFile } from '../disk/regular-file.js';
import type { SentTrial, TrialReply, TrialRequest } from './trial.js';

/*
 * Answers one request and ends. The main thread stays free to watch the memory, and to end with the process that started
 * it: ONNX Runtime has a thread of its own, and other files are read in a second thread of this file.
 */

/** Milliseconds between two looks at the memory. */
const WATCHED_EVERY = 20;

const end = (): void => void process.kill(process.pid, 'SIGKILL');

if (isMainThread) {
  // Ctrl-C reaches it as well: the process that started it decides, and it ends with that one.
  process.on('SIGINT', () => undefined);
  process.once('disconnect', end);
  process.once('message', (sent: SentTrial) => void answer(sent));
} else {
  parentPort!.postMessage(await replyTo(workerData as TrialRequest));
}

async function answer({ request, mostBytes }: SentTrial): Promise<void> {
  setInterval(() => {
    if (process.memoryUsage.rss() > mostBytes) process.send?.('too large' satisfies TrialReply, end);
  }, WATCHED_EVERY);
  const reply = request.kind === 'onnx' ? await replyTo(request) : await replyInThread(request);
  process.send?.(reply, end); // whatever libraries left running
}

function replyInThread(request: TrialRequest): Promise<TrialReply> {
  return new Promise((resolve) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: request });
    worker.once('message', resolve);
    worker.once('error', ({ code }: NodeJS.ErrnoException) =>
      resolve(code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'too large' : 'ended'),
    );
  });
}

/** An error is an end, too: whoever tries hears of it from the work itself. */
async function replyTo(request: TrialRequest): Promise<TrialReply> {
  await (request.kind === 'onnx' ? inferOnce(request) : readKeras(request.path)).catch(() => undefined);
  return 'ended';
}

async function inferOnce({ path, ...request }: Extract<TrialRequest, { kind: 'onnx' }>): Promise<void> {
  const { OnnxBackend, OnnxDenseTeacher, OnnxTeacher } = await import('@anc/backend-onnx');
  const [engine, bytes] = [await OnnxBackend.create(), await readFile(path)];
  const { outputs, ...common } = {
    ...request,
    readExternal: (beside: string) => readRegularFile(join(dirname(path), beside)),
  };
  if (outputs === undefined) await OnnxTeacher.create(engine, bytes, common);
  else await OnnxDenseTeacher.create(engine, bytes, { ...common, outputs });
}

async function readKeras(path: string): Promise<void> {
  const { inMemory, readKerasFile } = await import('@anc/formats');
  await readKerasFile(inMemory(await readFile(path)));
}

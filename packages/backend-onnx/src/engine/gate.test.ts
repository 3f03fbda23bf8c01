import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { Gate } from './gate.js';

/** A thread that is inside a call for 200 ms, with the built gate, and then tries to begin another. */
const source = `
const { parentPort, workerData } = require('node:worker_threads');
import(workerData.gate).then(({ Gate }) => {
  const gate = new Gate(workerData.memory);
  gate.enter();
  parentPort.postMessage('inside');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  gate.leave();
  parentPort.postMessage('outside');
  gate.enter();
  parentPort.postMessage('inside again');
});`;

const built = new URL('../../dist/internal.js', import.meta.url).href;

describe('Gate', () => {
  it('closes at once if no call is running, and lets calls in and out before', () => {
    const gate = new Gate();
    gate.enter();
    gate.leave();
    expect(gate.close(0)).toBe(true);
  });

  it('waits for the running call, and lets no other one begin', async () => {
    const gate = new Gate();
    const thread = new Worker(source, {
      eval: true,
      execArgv: [],
      workerData: { gate: built, memory: gate.memory },
    });
    const messages: unknown[] = [];
    thread.on('message', (text) => messages.push(text));
    await once(thread, 'message');
    expect(gate.close(0)).toBe(false); // still inside
    expect(gate.close(10_000)).toBe(true);
    await thread.terminate();
    expect(messages).toEqual(['inside']);
  });
});

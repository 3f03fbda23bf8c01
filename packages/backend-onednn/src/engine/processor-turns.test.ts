import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { ProcessorTurns } from './processor-turns.js';

const shared = (): SharedArrayBuffer => new SharedArrayBuffer(4);
const working = (memory: SharedArrayBuffer): number => new Int32Array(memory)[0]!;

it('engines compute beside each other where the processor has threads for both', () => {
  const memory = shared();
  const [one, two] = [new ProcessorTurns(memory, 1, 3), new ProcessorTurns(memory, 2, 3)];
  one.during(() => two.during(() => expect(working(memory)).toBe(3)));
  expect(working(memory)).toBe(0);
});

it('an engine waits for threads that another one, on its own thread, uses', async () => {
  const memory = shared();
  new Int32Array(memory)[0] = 2;
  const worker = new Worker(
    `const threads = new Int32Array(require('node:worker_threads').workerData);
     Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
     Atomics.sub(threads, 0, 2);
     Atomics.notify(threads, 0);`,
    { eval: true, workerData: memory },
  );
  await new Promise((resolve) => worker.once('online', resolve));
  const seen = new ProcessorTurns(memory, 2, 3).during(() => working(memory));
  expect(seen).toBe(2); // its own alone
  await worker.terminate();
});

it('an engine with more threads than the processor has computes alone', () => {
  const memory = shared();
  expect(new ProcessorTurns(memory, 8, 2).during(() => working(memory))).toBe(8);
});

it('an engine does not wait forever for one that has ended', () => {
  const memory = shared();
  new Int32Array(memory)[0] = 2;
  expect(new ProcessorTurns(memory, 2, 2, 50).during(() => 'computed')).toBe('computed');
});

it('a failure gives the threads back', () => {
  const memory = shared();
  const fail = (): never => {
    throw new Error('broken');
  };
  expect(() => new ProcessorTurns(memory, 2, 2).during(fail)).toThrow('broken');
  expect(working(memory)).toBe(0);
});

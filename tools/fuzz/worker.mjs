/** Reads one case after the other, and says in shared memory which one it is at: the main thread ends it if it stays there. */
import { parentPort, workerData } from 'node:worker_threads';
import { isAncError } from '@anc/core';
import { mutated } from '@anc/testing';
import { targets } from './targets.mjs';

const { name, from, to, shared, budget } = workerData;
const state = new Int32Array(shared); // [case, accepted, refused]
const { file, read } = targets.find((target) => target.name === name);
let worst = { ms: 0, seed: -1 };
const deadline = performance.now() + 1000 * budget;
for (let seed = from; seed < to && performance.now() < deadline; seed++) {
  Atomics.store(state, 0, seed);
  const content = mutated(file, seed);
  const began = performance.now();
  try {
    await read(content);
    state[1]++;
  } catch (error) {
    if (isAncError(error)) state[2]++;
    else
      parentPort.postMessage({
        fault: error instanceof Error ? (error.stack ?? error.message) : String(error),
        seed,
      });
  }
  const ms = performance.now() - began;
  if (ms > worst.ms) worst = { ms, seed };
}
parentPort.postMessage({ worst });

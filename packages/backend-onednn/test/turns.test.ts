import { setTimeout as sleep } from 'node:timers/promises';
import { processorThreads } from '@anc/core/internal';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { threadsAtWork } from '../src/engine/processor-turns.js';
import { OnednnBackend } from '../src/index.js';
import { whyMissing } from './missing.js';

const why = await whyMissing();

it.skipIf(why !== null)(`a backend waits while others compute on all threads${why ?? ''}`, async () => {
  const backend = await OnednnBackend.create({ threads: 1 });
  const doubled = await backend.compileFunction(
    ({ x }) => ({ y: tf.mul(x!, 2) }),
    { id: 'doubled', title: 'doubled', inputs: { x: { shape: [2], dtype: 'float32' } } },
    {},
  );
  const atWork = new Int32Array(threadsAtWork);
  const x = { shape: [2], data: Float32Array.of(1, 2) };
  Atomics.store(atWork, 0, processorThreads());
  let isDone = false;
  const result = doubled.run({ x }).then((outputs) => {
    isDone = true;
    return outputs;
  });
  await sleep(200);
  expect(isDone).toBe(false);
  Atomics.store(atWork, 0, 0);
  Atomics.notify(atWork, 0);
  expect([...(await result)['y']!.data]).toEqual([2, 4]);
  expect(Atomics.load(atWork, 0)).toBe(0);
  await doubled.dispose();
  await backend.dispose();
});

import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import type { Stage } from '../contracts/method.js';
import { EagerBackend } from '../eager/eager-backend.js';
import { filled } from '../tree/tree.js';
import { StageRunner } from './stage-runner.js';

const stage: Stage = {
  name: 'toy',
  teacherOutputs: [],
  usesLabels: false,
  step: {
    id: 'toy',
    phases: [
      {
        name: 'student',
        gradients: ({ w }) => ({ grads: { w: w! }, stats: {}, metrics: {} }),
        update: ({ w }, grads) => ({ w: tf.sub(w!, grads['w']!) }),
      },
    ],
  },
  init: () => ({ w: filled([2], 1) }),
  next: () => ({ hyper: {}, phases: ['student'] }),
  student: () => ({ params: {}, stats: {} }),
};

it('frees the step that was compiled beside an upload that failed', async () => {
  const backend = new EagerBackend('cpu');
  const compile = backend.compile.bind(backend);
  let freed = 0;
  backend.compile = async (...args) => {
    const compiled = await compile(...args);
    const dispose = (): Promise<void> => {
      freed++;
      return Promise.resolve();
    };
    return Object.assign(compiled, { dispose });
  };
  backend.upload = () => Promise.reject(new Error('no room for the state'));
  const runner = new StageRunner(backend, stage, stage.init(undefined as never, null));
  const inputs = { batch: {}, hyper: {}, noise: { seed: 0, step: 0 } };
  await expect(runner.play(['student'], inputs)).rejects.toThrow('no room for the state');
  expect(freed).toBe(1);
  await runner.close();
});

import '@tensorflow/tfjs-backend-cpu';
import {
  createOptimizer,
  hardExampleStep,
  modelNames,
  type ClassifierOutputs,
  type Context,
  type HardExampleSetup,
  type Network,
} from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { parts } from './parts.js';

/** Logits are weighted sums of two pixels; `seen` collects what it is applied to. */
const linear = (seen: Tensor[] = []): Network<ClassifierOutputs> => ({
  name: 'linear',
  init: () => ({ params: { w: { shape: [2, 2], data: new Float32Array(4) } }, stats: {} }),
  apply: ({ params, stats }, x) => {
    seen.push(x);
    const features = tf.reshape(x, [-1, 2]);
    return { outputs: { features, logits: tf.matMul(features, params['w'] as tf.Tensor2D) }, stats };
  },
  summary: () => [],
});

/** Its slope at the pixels is that of the student's logits summed: positive, then negative. */
const summed: HardExampleSetup['discrepancy'] = {
  name: 'summed',
  distance: (student, teacher) => tf.mean(tf.sub(student, teacher)),
};

beforeAll(async () => {
  await tf.setBackend('cpu');
});

/** The images that the student is shown, and the metrics, for images of two pixels each. */
function shownBy(steps: number, images: readonly number[], start = 0) {
  const seen: Tensor[] = [];
  const step = hardExampleStep({
    student: linear(seen),
    teacher: linear(),
    dataTerm: parts.dataTerm('l1', {}),
    discrepancy: summed,
    radius: 10,
    steps,
    stepSize: 6,
    optimizer: createOptimizer({
      optimizer: 'sgd',
      learningRate: 0.1,
      schedule: { kind: 'constant' },
      weightDecay: 0,
    } as never),
  });
  const context: Context = {
    training: true,
    noise: (_name, shape) => tf.fill([...shape], start),
    activation: (_name, x) => x,
  };
  const rows = images.length / 2;
  const { metrics } = step.phases[0]!.gradients(
    {
      [`${modelNames.student}/params/w`]: tf.tensor2d([1, 1, -1, -1], [2, 2]),
      [`${modelNames.teacher}/params/w`]: tf.tensor2d([0, 0, 0, 0], [2, 2]),
    },
    { images: tf.tensor4d([...images], [rows, 1, 2, 1]), 'teacher/logits': tf.zeros([rows, 2]) },
    { lambda: tf.scalar(1), progress: tf.scalar(0) },
    context,
  );
  const value = (name: string): number | undefined => metrics[name]?.dataSync()[0];
  return {
    shown: [...seen.at(-1)!.dataSync()],
    before: value('loss/discrepancy/start'),
    after: value('loss/discrepancy'),
  };
}

describe('hard examples', () => {
  it('follow the images, at the corner of the ball that the discrepancy rises to', () => {
    const { shown, before, after } = shownBy(2, [100, 100, 50, 70]);
    expect(shown).toEqual([100, 100, 50, 70, 110, 90, 60, 60]);
    expect([before, after]).toEqual([-10, 10]); // the mean of x0 - x1
  });

  it('go as far as their steps, and stay possible images', () => {
    expect(shownBy(1, [100, 100]).shown).toEqual([100, 100, 106, 94]);
    expect(shownBy(1, [100, 100], -1).shown).toEqual([100, 100, 96, 90]);
    expect(shownBy(3, [250, 4]).shown).toEqual([250, 4, 255, 0]);
  });

  it('are random corners without a search', () => {
    expect(shownBy(0, [100, 100], 0.3).shown).toEqual([100, 100, 110, 110]);
    expect(shownBy(0, [100, 4], -0.3).shown).toEqual([100, 4, 90, 0]);
    expect(shownBy(0, [100, 100]).before).toBeUndefined();
  });
});

import { openCpu } from '@anc/backend-tfjs';
import {
  classification,
  type Backend,
  type ClassifierOutputs,
  type DatasetSplit,
  type Network,
} from '@anc/core';
import { MemoryImages } from '@anc/datasets';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunEvent } from '../events/events.js';
import type { PlannedNetwork } from '../planning/plan-network.js';
import { evaluatePredictions, predict } from './evaluate-model.js';

let backend: Backend;
beforeAll(async () => {
  backend = await openCpu();
});
afterAll(() => backend.dispose());

/** A network whose logits are the pixels of an image, times `gain`. */
const pixels = {
  network: {
    name: 'pixels',
    init: () => ({ params: {}, stats: {} }),
    apply: ({ params }, x) => {
      const logits = tf.mul(tf.reshape(tf.cast(x, 'float32'), [x.shape[0], -1]), params.gain!);
      return { outputs: { logits, features: logits }, stats: {} };
    },
    summary: () => [],
  } satisfies Network<ClassifierOutputs>,
} as unknown as PlannedNetwork;
const gain = (value: number) => ({
  params: { gain: { shape: [1], data: Float32Array.of(value) } },
  stats: {},
});

/** Images of one row, with their labels. */
const splitOf = (rows: readonly (readonly number[])[], labels: readonly number[] | null): DatasetSplit => ({
  images: new MemoryImages(Uint8Array.from(rows.flat()), [1, 1, rows[0]!.length]),
  labels: labels === null ? null : () => Promise.resolve(Int32Array.from(labels)),
});

const five = [
  [9, 1, 1],
  [1, 9, 1],
  [1, 1, 9],
  [9, 1, 1],
  [1, 2, 1],
];

describe('predict', () => {
  const context = (signal = new AbortController().signal) => {
    const events: RunEvent[] = [];
    return {
      events,
      context: {
        backend,
        task: classification,
        taskData: { input: [1, 1, 3], classes: 3 },
        batchSize: 2,
        emit: (event: RunEvent) => events.push(event),
        signal,
      },
    };
  };

  it('gives the class of the largest logit, image by image, whatever the batch', async () => {
    const { context: where } = context();
    const split = splitOf(five, null);
    for (const batchSize of [1, 2, 5, 8]) {
      const { predictions } = await predict(pixels, gain(1), split, 'x', { ...where, batchSize });
      expect([...predictions]).toEqual([0, 1, 2, 0, 1]);
    }
    const { predictions } = await predict(pixels, gain(-1), split, 'x', where); // the first of equals
    expect([...predictions]).toEqual([1, 0, 0, 1, 0]);
  });

  it('measures what has labels', async () => {
    const { context: where } = context();
    const measured = async (labels: readonly number[]) =>
      (await predict(pixels, gain(1), splitOf(five, labels), 'x', where)).metrics;
    expect(await measured([0, 1, 2, 1, 1])).toEqual({ error: 1 / 5, 'top5-error': 0 });
    expect(await measured([1, 1, 2, 1, 0])).toEqual({ error: 3 / 5, 'top5-error': 0 });
    expect((await predict(pixels, gain(1), splitOf(five, null), 'x', where)).metrics).toBeNull();
  });

  it('reports how far it is', async () => {
    const { events, context: where } = context();
    await predict(pixels, gain(1), splitOf(five, null), 'test images', where);
    expect(events).toEqual(
      [2, 4, 5].map((done) => ({ type: 'activity', what: 'test images', done, count: 5 })),
    );
  });

  it('stops where the signal is aborted', async () => {
    const controller = new AbortController();
    const { events, context: where } = context(controller.signal);
    const emit = (event: RunEvent): void => {
      events.push(event);
      controller.abort();
    };
    const work = predict(pixels, gain(1), splitOf(five, null), 'x', { ...where, emit });
    const error: unknown = await work.catch((thrown: unknown) => thrown);
    expect(controller.signal.aborted).toBe(true);
    expect(error).toBe(controller.signal.reason);
    expect(events).toHaveLength(1);
  });
});

describe('evaluatePredictions', () => {
  const predicted = { count: 5, predictions: Int32Array.of(0, 1, 2, 0, 1), metrics: { error: 0.2 } };

  it('adds the agreement with the teacher to what was measured', () => {
    const teacher = Int32Array.of(0, 1, 2, 2, 0);
    expect(evaluatePredictions(predicted, teacher, classification)).toEqual({
      count: 5,
      metrics: { error: 0.2 },
      predicted,
      // The teacher gives class 0 and 2 twice, class 1 once: p_e = (2·2 + 1·2 + 2·1) / 25.
      agreement: {
        agreement: 3 / 5,
        chance: { baseline: 2 / 5, kappa: expect.closeTo((3 / 5 - 8 / 25) / (1 - 8 / 25)) as number },
      },
    });
  });

  it('leaves out what is not known', () => {
    const without = { ...predicted, metrics: null };
    expect(evaluatePredictions(without, null, classification)).toEqual({
      count: 5,
      metrics: null,
      agreement: null,
      predicted: without,
    });
  });
});

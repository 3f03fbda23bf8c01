import { openCpu } from '@anc/backend-tfjs';
import type { Backend, ClassifierOutputs, DatasetSplit, Network } from '@anc/core';
import { MemoryImages } from '@anc/datasets';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunEvent } from '../events/events.js';
import type { PlannedNetwork } from '../planning/plan-network.js';
import { evaluatePredictions, predict, predictionsOf } from './evaluate-model.js';

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
      context: { backend, batchSize: 2, emit: (event: RunEvent) => events.push(event), signal },
    };
  };

  it('gives the class of the largest logit, image by image, whatever the batch', async () => {
    const { context: where } = context();
    const split = splitOf(five, null);
    for (const batchSize of [1, 2, 5, 8]) {
      const { classes } = await predict(pixels, gain(1), split, 'x', { ...where, batchSize });
      expect([...classes]).toEqual([0, 1, 2, 0, 1]);
    }
    const { classes } = await predict(pixels, gain(-1), split, 'x', where); // the first of equals
    expect([...classes]).toEqual([1, 0, 0, 1, 0]);
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

describe('predictionsOf', () => {
  /** Logits that fall from the first class to the last, for two images. */
  const falling = (classes: number) => ({
    classes,
    data: Float32Array.from({ length: 2 * classes }, (_, i) => -(i % classes)),
  });
  const rows = (classes: number) => [0, 1].map(() => new Array<number>(classes).fill(0));

  it('has no top-5 error of ten classes or fewer', async () => {
    const { classes, top5Error } = await predictionsOf(falling(10), splitOf(rows(10), [0, 9]));
    expect([[...classes], top5Error]).toEqual([[0, 0], null]);
  });

  it('has one of more classes: the share of labels that are not among the five largest', async () => {
    const top5 = async (...labels: readonly number[]) =>
      (await predictionsOf(falling(11), splitOf(rows(11), labels))).top5Error;
    expect(await top5(0, 4)).toBe(0);
    expect(await top5(4, 5)).toBe(0.5);
    expect(await top5(5, 10)).toBe(1);
  });

  it('has none without labels', async () => {
    expect((await predictionsOf(falling(11), splitOf(rows(11), null))).top5Error).toBeNull();
  });
});

describe('evaluatePredictions', () => {
  const predictions = { classes: Int32Array.of(0, 1, 2, 0, 1), top5Error: 0.125 };

  it('counts what differs from the labels and what agrees with the teacher', async () => {
    const teacher = Int32Array.of(0, 1, 2, 2, 0);
    expect(await evaluatePredictions(predictions, splitOf(five, [0, 1, 2, 1, 1]), teacher)).toEqual({
      count: 5,
      error: 1 / 5,
      agreement: 3 / 5,
      top5Error: 0.125,
      // The teacher gives class 0 and 2 twice, class 1 once: p_e = (2·2 + 1·2 + 2·1) / 25.
      chance: { baseline: 2 / 5, kappa: expect.closeTo((3 / 5 - 8 / 25) / (1 - 8 / 25)) as number },
    });
  });

  it('leaves out what is not known', async () => {
    expect(await evaluatePredictions({ ...predictions, top5Error: null }, splitOf(five, null), null)).toEqual(
      {
        count: 5,
        error: null,
        agreement: null,
        top5Error: null,
        chance: null,
      },
    );
  });
});

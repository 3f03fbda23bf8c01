import { mapTree, specOf, type CompiledStep, type HostTensor, type Step, type Tree } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor2D } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { OnnxBackend } from '../src/index.js';
import { random } from './kernel-cases.js';

const [INPUT, OUTPUT, BATCH] = [1100, 1000, 4];

/** Vectors whose updates are joined: some that the loss reads too, and their running averages. */
const SIZES = [5, 16, 3, 8];
const vectors = SIZES.map((_, i) => `vector/${i}`);
const averages = SIZES.map((_, i) => `average/${i}`);
/** A copy of the first vector: two entries with one value, which cannot be joined. */
const COPY = 'zcopy';

/**
 * A linear map of 4.4 MB, large enough that several steps are sent together, learns from noisy inputs through a
 * frozen scale, beside small vectors; a second phase counts and is small enough to be sent alone.
 */
const step: Step = {
  id: 'large',
  phases: [
    {
      name: 'learn',
      gradients: (state, { x, y }, _hyper, context) => {
        const { weight, scale } = state;
        const noise = context.noise('input', x!.shape, { kind: 'normal', mean: 0, std: 1 });
        const noisy = tf.add<Tensor2D>(x!, tf.mul(noise, 0.1));
        const loss = (w: tf.Tensor, ...small: tf.Tensor[]): Scalar => {
          const data = tf.squaredDifference(tf.mul(tf.matMul(noisy, w as Tensor2D), scale!), y!);
          return tf.addN([tf.mean(data), ...small.map((v) => tf.mean(tf.square(v)))]) as Scalar;
        };
        const { value, grads } = tf.valueAndGrads(loss)([weight!, ...vectors.map((name) => state[name]!)]);
        const [grad, ...small] = grads as [tf.Tensor, ...tf.Tensor[]];
        const ofVectors = Object.fromEntries(vectors.map((name, i) => [name, small[i]!]));
        return { grads: { weight: grad, ...ofVectors }, stats: {}, metrics: { 'loss/data': value } };
      },
      update: (state, grads, { rate }) => {
        const descend = (name: string) => tf.sub(state[name]!, tf.mul(rate!, grads[name]!));
        const average = (i: number) =>
          tf.add(tf.mul(state[averages[i]!]!, 0.9), tf.mul(state[vectors[i]!]!, 0.1));
        return {
          weight: descend('weight'),
          ...Object.fromEntries(vectors.map((name) => [name, descend(name)])),
          ...Object.fromEntries(averages.map((name, i) => [name, average(i)])),
          ...(COPY in state && { [COPY]: descend(vectors[0]!) }),
        };
      },
    },
    {
      name: 'count',
      gradients: () => ({ grads: {}, stats: {}, metrics: {} }),
      update: ({ count, weight }) => ({ count: tf.add(count!, tf.slice(weight!, [0, 0], [1, 1])) }),
    },
  ],
};

const initial: Tree<HostTensor> = {
  weight: random([INPUT, OUTPUT]),
  scale: random([OUTPUT]),
  count: random([1, 1]),
  ...Object.fromEntries(
    [...vectors, ...averages].map((name, i) => [name, random([SIZES[i % SIZES.length]!])]),
  ),
};

const withCopy: Tree<HostTensor> = { ...initial, [COPY]: random([SIZES[0]!]) };

const STEPS = 13;

const batches: readonly Tree<HostTensor>[] = Array.from({ length: STEPS }, () => ({
  x: random([BATCH, INPUT]),
  y: random([BATCH, OUTPUT]),
}));

async function open(
  backend: OnnxBackend,
  phases: readonly string[],
  start: Tree<HostTensor> = initial,
): Promise<CompiledStep> {
  return backend.compile(step, {
    state: mapTree(start, specOf),
    batch: mapTree(batches[0]!, specOf),
    hyper: ['rate'],
    phases,
  });
}

/** Runs all steps, of which every fourth is the small phase, and reads the metrics in between. */
async function run(
  stepsPerCall: number,
  start: Tree<HostTensor>,
): Promise<{ state: Tree<HostTensor>; losses: number[] }> {
  const backend = await OnnxBackend.create({ stepsPerCall });
  try {
    const [learn, count] = [await open(backend, ['learn'], start), await open(backend, ['count'], start)];
    const state = await backend.upload(start);
    const losses: number[] = [];
    for (let at = 0; at < STEPS; at++) {
      const compiled = at % 4 === 3 ? count : learn;
      const hyper = { rate: (1 + at) / 16 };
      await compiled.run(state, { batch: batches[at]!, hyper, noise: { seed: 5, step: at } });
      if (at === 6 || at === STEPS - 1) losses.push((await learn.metrics())['loss/data']!);
    }
    return { state: await state.read(), losses };
  } finally {
    await backend.dispose();
  }
}

describe('several steps in one call', () => {
  it.each([
    ['', initial],
    [', where two entries have one value', withCopy],
  ])('give the same bytes as steps one by one%s', async (_, start) => {
    const [together, single] = [await run(8, start), await run(1, start)];
    expect(together.losses).toEqual(single.losses);
    expect(single.losses).toHaveLength(2);
    for (const [name, { data }] of Object.entries(single.state)) {
      expect(
        Buffer.compare(Buffer.from(together.state[name]!.data.buffer), Buffer.from(data.buffer)),
        name,
      ).toBe(0);
      const moved = (data as Float32Array).some((value, i) => value !== start[name]!.data[i]);
      expect(moved, name).toBe(name !== 'scale');
    }
  });

  it('throw their errors when something is read', async () => {
    const backend = await OnnxBackend.create();
    try {
      const learn = await open(backend, ['learn']);
      const [gone, kept] = [await backend.upload(initial), await backend.upload(initial)];
      await gone.dispose();
      const inputs = { batch: batches[0]!, hyper: { rate: 0.1 }, noise: { seed: 5, step: 0 } };
      await learn.run(gone, inputs);
      await expect(learn.metrics()).rejects.toThrow('this state was disposed');
      await learn.run(kept, inputs).catch(() => undefined);
      expect((await kept.read()).weight!.data).not.toEqual(initial.weight!.data);
    } finally {
      await backend.dispose();
    }
  });
});

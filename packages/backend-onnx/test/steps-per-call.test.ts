import { mapTree, specOf, type CompiledStep, type HostTensor, type Step, type Tree } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor2D } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { OnnxBackend } from '../src/index.js';
import { random } from './kernel-cases.js';

const [INPUT, OUTPUT, BATCH] = [1100, 1000, 4];

/**
 * A linear map of 4.4 MB, large enough that several steps are sent together, learns from noisy inputs through a
 * frozen scale; a second phase counts and is small enough to be sent alone.
 */
const step: Step = {
  id: 'large',
  phases: [
    {
      name: 'learn',
      gradients: ({ weight, scale }, { x, y }, _hyper, context) => {
        const noise = context.noise('input', x!.shape, { kind: 'normal', mean: 0, std: 1 });
        const noisy = tf.add<Tensor2D>(x!, tf.mul(noise, 0.1));
        const loss = (w: tf.Tensor): Scalar =>
          tf.mean<tf.Scalar>(tf.squaredDifference(tf.mul(tf.matMul(noisy, w as Tensor2D), scale!), y!));
        const { value, grad } = tf.valueAndGrad(loss)(weight!);
        return { grads: { weight: grad }, stats: {}, metrics: { 'loss/data': value } };
      },
      update: ({ weight }, { weight: slope }, { rate }) => ({
        weight: tf.sub(weight!, tf.mul(rate!, slope!)),
      }),
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
};

const STEPS = 13;

const batches: readonly Tree<HostTensor>[] = Array.from({ length: STEPS }, () => ({
  x: random([BATCH, INPUT]),
  y: random([BATCH, OUTPUT]),
}));

async function open(backend: OnnxBackend, phases: readonly string[]): Promise<CompiledStep> {
  return backend.compile(step, {
    state: mapTree(initial, specOf),
    batch: mapTree(batches[0]!, specOf),
    hyper: ['rate'],
    phases,
  });
}

/** Runs all steps, of which every fourth is the small phase, and reads the metrics in between. */
async function run(stepsPerCall: number): Promise<{ state: Tree<HostTensor>; losses: number[] }> {
  const backend = await OnnxBackend.create({ stepsPerCall });
  try {
    const [learn, count] = [await open(backend, ['learn']), await open(backend, ['count'])];
    const state = await backend.upload(initial);
    const losses: number[] = [];
    for (let at = 0; at < STEPS; at++) {
      const compiled = at % 4 === 3 ? count : learn;
      const hyper = { rate: 1 + at };
      await compiled.run(state, { batch: batches[at]!, hyper, noise: { seed: 5, step: at } });
      if (at === 6 || at === STEPS - 1) losses.push((await learn.metrics())['loss/data']!);
    }
    return { state: await state.read(), losses };
  } finally {
    await backend.dispose();
  }
}

describe('several steps in one call', () => {
  it('give the same bytes as steps one by one', async () => {
    const [together, single] = [await run(8), await run(1)];
    expect(together.losses).toEqual(single.losses);
    expect(single.losses).toHaveLength(2);
    for (const [name, { data }] of Object.entries(single.state)) {
      expect(
        Buffer.compare(Buffer.from(together.state[name]!.data.buffer), Buffer.from(data.buffer)),
        name,
      ).toBe(0);
      const moved = (data as Float32Array).some((value, i) => value !== initial[name]!.data[i]);
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

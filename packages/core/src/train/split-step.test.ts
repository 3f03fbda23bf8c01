import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import type { Inputs } from '../contracts/backend.js';
import type { Exchange, PhaseMeans } from '../contracts/exchange.js';
import type { Stage } from '../contracts/method.js';
import type { Phase } from '../contracts/step.js';
import { EagerBackend } from '../eager/eager-backend.js';
import { drawNoise } from '../random/noise.js';
import { filled, mapTree, type HostTensor } from '../tree/tree.js';
import { StageRunner, type Division } from './stage-runner.js';

const backend = new EagerBackend('cpu');
const UNIFORM = { kind: 'uniform', low: 0, high: 1 } as const;

/** Mean of the noise of the samples from `offset` on. */
function meanNoise(name: string, count: number, offset = 0): number {
  const { data } = drawNoise({ name, shape: [count], distribution: UNIFORM }, 3, 7, offset);
  return Array.from(data).reduce((a, b) => a + b) / count;
}

/**
 * w goes down by the mean of x, of which `seen` is a running sum; `peak` becomes the mean of x²; `drawn` is the mean of
 * the noise.
 */
const phase = (name: string): Phase => ({
  name,
  gradients({ seen, w }, { x }, _hyper, context) {
    const mean = tf.mean<Scalar>(x!);
    const noise = tf.mean(context.noise('mask', [x!.shape[0]], UNIFORM));
    return {
      grads: { w: mean },
      means: { square: tf.mean(tf.square(x!)) },
      stats: { seen: tf.add(seen!, mean), drawn: noise },
      metrics: { [`loss/${name}`]: mean, before: tf.clone(w!) as Scalar },
    };
  },
  update: ({ w, seen }, grads, { rate }, means) => ({
    w: tf.sub(w!, tf.mul(tf.mul(grads.w!, rate!), seen!)),
    peak: means!.square!,
  }),
});

const initial = () => ({ w: filled([]), seen: filled([]), drawn: filled([]), peak: filled([]) });
const stage: Stage = {
  name: 'toy',
  teacherOutputs: [],
  usesLabels: false,
  step: { id: 'split-step', phases: [phase('a'), phase('b')] },
  init: initial,
  next: () => expect.fail(),
  student: () => expect.fail(),
};
const inputs = (x: readonly number[], noise: Partial<Inputs['noise']> = {}): Inputs => ({
  batch: { x: { shape: [x.length], data: Float32Array.from(x) } },
  hyper: { rate: 0.5 },
  noise: { seed: 3, step: 7, ...noise },
});

async function play(
  division: Division,
  given: Inputs,
  phases: readonly string[],
): Promise<{ readonly state: Record<string, number>; readonly metrics: Record<string, number> }> {
  const runner = new StageRunner(backend, stage, initial(), division);
  await runner.play(phases, given);
  const { means } = await runner.metrics();
  const state = mapTree(await runner.read(), ({ data }: HostTensor) => data[0]!);
  await runner.close();
  return { state, metrics: { ...means } };
}

describe('micro-batches', () => {
  const x = [1, 2, 3, 4, 5];
  const phases = ['a', 'b', 'a'];

  it('give what the whole batch gives, weighted by their rows, with its noise', async () => {
    const whole = await play({}, inputs(x), phases);
    // Mean 3, so seen is 3, 6, 9 and w is -0.5 · 3 · (3 + 6 + 9).
    expect(whole.state).toMatchObject({ seen: 9, w: -27, peak: 11 });
    for (const accumulate of [2, 3, 5]) {
      const found = await play({ accumulate }, inputs(x), phases);
      expect(Object.keys(found.state)).toEqual(Object.keys(whole.state));
      for (const [name, value] of Object.entries(whole.state))
        expect(found.state[name]).toBeCloseTo(value, 5);
      expect(Object.keys(found.metrics)).toEqual(Object.keys(whole.metrics));
      for (const [name, value] of Object.entries(whole.metrics))
        expect(found.metrics[name]).toBeCloseTo(value, 5);
    }
  });

  it('of a rank have the noise of their place in the batch of all ranks, in the last repetition of a phase', async () => {
    const { state } = await play({ accumulate: 2 }, inputs([1, 2, 3], { offset: 2 }), phases);
    expect(state.drawn).toBeCloseTo(meanNoise('mask#1', 3, 2), 5);
  });

  it('are not more than the rows of a batch', async () => {
    for (const accumulate of [0, 1.5, 6]) {
      await expect(play({ accumulate }, inputs(x), phases)).rejects.toMatchObject({
        code: 'ANC_CONFIG',
        detail: { received: `${accumulate}` },
      });
    }
  });

  it('leave no tensor behind', async () => {
    const before = tf.memory().numTensors;
    await play({ accumulate: 2 }, inputs(x), phases);
    await play({ exchange: ({ values }) => Promise.resolve(values) }, inputs(x), phases);
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('an exchange', () => {
  it('receives gradients, means, statistics and metrics of every phase in turn, and replaces them', async () => {
    const received: PhaseMeans[] = [];
    const exchange: Exchange = (own) => {
      received.push(own);
      return Promise.resolve(own.values.map((array) => array.map((value) => 10 * value)));
    };
    const { state, metrics } = await play({ exchange, accumulate: 2 }, inputs([1, 2, 3]), ['b', 'a']);
    const shown = received.map(({ phase: name, rows, values }) => ({
      name,
      rows,
      values: values.map((array) => Array.from(array, (value) => Number(value.toFixed(4)))),
    }));
    const noise = Number(meanNoise('mask', 3).toFixed(4));
    const square = Number((14 / 3).toFixed(4));
    // In the second phase w is -0.5 · 20 · 20 and seen 20.
    expect(shown).toEqual([
      { name: 'b', rows: 3, values: [[2], [square], [noise], [2], [0, 2]] },
      { name: 'a', rows: 3, values: [[2], [square], [noise], [22], [-200, 2]] },
    ]);
    expect(state.seen).toBeCloseTo(220, 3);
    expect(state.w).toBeCloseTo(-200 - 0.5 * 20 * 220, 2);
    expect(metrics).toEqual({ 'loss/b': 20, before: -2000, 'loss/a': 20 });
  });

  it('leaves a phase alone that all ranks compute alike, and counts the rows that a stage names', async () => {
    const received: PhaseMeans[] = [];
    const exchange: Exchange = (own) => (received.push(own), Promise.resolve(own.values));
    const step = { id: 'replicated', phases: [{ ...phase('a'), replicated: true }, phase('b')] };
    const own: Stage = { ...stage, step, divisible: false, rows: { start: 0, count: 5 } };
    const runner = new StageRunner(backend, own, initial(), { exchange });
    await runner.play(['a', 'b', 'a'], inputs([1, 2, 3]));
    expect(received.map(({ phase: name, rows }) => [name, rows])).toEqual([['b', 5]]);
    const found = mapTree(await runner.read(), ({ data }) => data[0]!);
    const alone = await play({}, inputs([1, 2, 3]), ['a', 'b', 'a']);
    expect(found).toEqual(alone.state);
    expect((await runner.metrics()).means).toEqual(alone.metrics);
    await runner.close();
  });

  it('that returns other lengths is an error', async () => {
    const exchange: Exchange = ({ values }) => Promise.resolve(values.slice(1));
    await expect(play({ exchange }, inputs([1, 2]), ['a'])).rejects.toMatchObject({
      code: 'ANC_EXCHANGE',
      detail: { expected: '1, 1, 1, 1, 2', received: '1, 1, 1, 2' },
    });
  });

  it('ends at the first mean over ranks that a backend cannot take, before anything else is computed', async () => {
    const calls: string[] = [];
    const normalizing: Phase = {
      ...phase('a'),
      gradients(state, batch, hyper, context) {
        calls.push('before');
        context.ranks?.mean(batch.x!);
        calls.push('after');
        return phase('a').gradients(state, batch, hyper, context);
      },
    };
    const runner = new StageRunner(
      new EagerBackend('cpu', { capabilities: { rankMeans: null } }),
      { ...stage, step: { id: 'normalizing', phases: [normalizing] } },
      initial(),
      { exchange: ({ values }) => Promise.resolve(values), synchronizedBatchNorm: { ranks: 2 } },
    );
    await expect(runner.play(['a'], inputs([1, 2]))).rejects.toMatchObject({ code: 'ANC_RANK_MEANS' });
    expect(calls).toEqual(['before']);
  });
});

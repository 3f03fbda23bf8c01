import '@tensorflow/tfjs-backend-cpu';
import {
  chain,
  elementwise,
  scaleByLearningRate,
  trace,
  type GradientTransform,
  type LearningRateSchedule,
} from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { optimizerContract, scheduleContract } from '../src/index.js';
import { failuresOf } from './collect.js';

const failures = async (transform: () => GradientTransform): Promise<string[]> =>
  (await failuresOf((runner) => optimizerContract(runner, transform))).map((name) =>
    name.replace('optimizer contract > ', ''),
  );
const step = (f: (update: tf.Tensor) => tf.Tensor): GradientTransform =>
  chain(elementwise('own', f), scaleByLearningRate());

/** Counts calls: state outside of the optimizer's slots. */
let calls = 0;

describe('optimizerContract', () => {
  it('accepts a correct optimizer', async () => {
    expect(await failures(() => chain(trace(0.9), scaleByLearningRate()))).toEqual([]);
  });

  it.each<[string, () => GradientTransform, string]>([
    ['no learning rate', () => trace(0.9), 'changes no parameter at a learning rate of zero'],
    ['a wrong sign', () => step((u) => tf.neg(u)), 'goes down'],
    [
      'a division by the gradient',
      () => step((u) => tf.div(u, tf.abs(u))),
      'stays finite where every gradient is zero, and where gradients are large',
    ],
    ['another shape', () => step((u) => tf.sum(u)), 'returns the names and shapes that it received, finite'],
    [
      'a value that is read',
      () => step((u) => tf.mul(u, u.dataSync().length > 0 ? 1 : 0)),
      'can be recorded as a graph',
    ],
    ['a hidden state', () => step((u) => tf.mul(u, 1 + calls++)), 'is deterministic'],
  ])('notices %s', async (_, transform, test) => {
    expect(await failures(transform)).toContain(test);
  });
});

describe('scheduleContract', () => {
  const schedule = (factor: LearningRateSchedule['factor']) => (): LearningRateSchedule => ({
    name: 'own',
    factor,
  });
  const scheduleFailures = async (create: () => LearningRateSchedule): Promise<string[]> =>
    failuresOf((runner) => scheduleContract(runner, create));

  it('accepts a correct schedule, and notices wrong ones', async () => {
    expect(await scheduleFailures(schedule(({ step, steps }) => 1 - step / steps))).toEqual([]);
    expect(await scheduleFailures(schedule(({ step, warmup }) => 1 / (step - warmup)))).toHaveLength(1);
    expect(await scheduleFailures(schedule(() => 0))).toHaveLength(1);
    let calls = 0;
    expect(await scheduleFailures(schedule(() => ++calls))).toHaveLength(1);
  });
});

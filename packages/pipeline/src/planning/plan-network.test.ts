import { openCpu } from '@anc/backend-tfjs';
import {
  AncError,
  classification,
  normalizedNetwork,
  type Backend,
  type ClassifierOutputs,
  type Network,
  type Normalization,
} from '@anc/core';
import { taskOfDocument } from '@anc/core/internal';
import { cnn } from '@anc/models';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Corners } from '../../test/tiny-plugins.js';
import type { TrainingData } from '../data/training-data.js';
import { planNetwork } from './plan-network.js';

let backend: Backend;
beforeAll(async () => {
  backend = await openCpu();
});
afterAll(() => backend.dispose());

const dataset = new Corners();
const fixed = { mean: [100], std: [50] };
const dataOf = (normalization: Normalization) => ({ dataset, normalization }) as unknown as TrainingData;
const named = { name: 'cnn', options: { widths: [2] } };
const made = cnn({ widths: [2], features: 3 }, { classes: 4 });
const task = {
  task: classification,
  data: { input: dataset.shape, classes: 4 },
  description: taskOfDocument({}),
};
const plan = (normalization: Normalization = fixed, network: Network<ClassifierOutputs> = made) =>
  planNetwork(named, network, dataOf(normalization), backend, task, false);

describe('planNetwork', () => {
  it('counts parameters and FLOPs of one image', async () => {
    const { parameters, flops } = await plan();
    // 3×3 kernels with bias on 8×8, 2×2 pooling, 4×4×2 values into 3 features, 3 features into 4 logits.
    expect(parameters).toBe((9 + 1) * 2 + (32 + 1) * 3 + (3 + 1) * 4);
    expect(flops).toBe(8 * 8 * 2 * (2 * 9 + 1) + 3 * (2 * 32 + 1) + 4 * (2 * 3 + 1));
  });

  it('tells the shapes of all outputs of one image, and those of the parameters without values', async () => {
    const { outputs, initial, model } = await plan();
    expect(outputs).toEqual({ logits: [4], features: [3], block1: [4, 4, 2] });
    const { params, stats } = initial;
    expect(
      Object.fromEntries(Object.entries(params).map(([name, { shape }]) => [name, [...shape]])),
    ).toMatchObject({ 'conv1/weights': [3, 3, 1, 2], 'logits/weights': [3, 4] });
    expect(Object.values(params).every(({ data }) => data.every((value) => value === 0))).toBe(true);
    expect(stats).toEqual({});
    expect(model).toBe(named);
  });

  it('names the network by all that its outputs depend on besides its weights', async () => {
    const { network } = await plan();
    expect(JSON.parse(network.name)).toEqual([made.name, 'cnn(widths=[2])', 4, fixed]);
    expect((await plan('per-image')).network.name).not.toBe(network.name);
    expect((await plan({ mean: [100], std: [51] })).network.name).not.toBe(network.name);
  });

  it('gives a network that takes bytes', async () => {
    const { network } = await plan();
    expect(network.summary(dataset.shape)).toEqual(normalizedNetwork(made, fixed).summary(dataset.shape));
  });

  it('blames the model for what its code throws', async () => {
    const broken: Network<ClassifierOutputs> = {
      name: 'broken',
      init: made.init.bind(made),
      summary: made.summary.bind(made),
      apply: () => {
        throw new TypeError('x is undefined');
      },
    };
    const error = (await plan(fixed, broken).catch((thrown: unknown) => thrown)) as AncError;
    expect(error).toBeInstanceOf(AncError);
    expect(error.code).toBe('ANC_PLUGIN');
    expect(error.describe()).toMatch(/model "broken"[^]*x is undefined/);
  });
});

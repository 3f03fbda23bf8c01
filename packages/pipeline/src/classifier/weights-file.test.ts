import { mapTree, prefixTree, Rng } from '@anc/core';
import { permuted } from '@anc/core/internal';
import { encodeSafetensors, inMemory } from '@anc/formats';
import { lenet5, mobilenet, parametersAndFlops, resnet, resnetNames } from '@anc/models';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadComposition } from '../plugins/load-composition.js';
import type { Composition } from '../composition/compose.js';
import { loadWeights, type WeightsRequest } from './weights-file.js';

let composition: Composition;
beforeAll(async () => {
  composition = await loadComposition([], '/');
});

const load = (bytes: Uint8Array, request: WeightsRequest = {}) =>
  loadWeights('weights.safetensors', inMemory(bytes), composition, request);

describe('a network of which something follows from its images', () => {
  it('stays what it was on images of another size', async () => {
    const options = { width: 0.0625 };
    const environment = { input: [28, 28, 1], classes: 3 } as const;
    const network = mobilenet(options, environment);
    const { params, stats } = network.init(Rng.fromSeed(1), environment.input);
    const metadata = {
      model: 'mobilenet',
      modelOptions: JSON.stringify(options),
      input: JSON.stringify(environment.input),
      classes: '3',
    };
    const bytes = encodeSafetensors(
      { ...prefixTree('params', params), ...prefixTree('stats', stats) },
      metadata,
    );
    const larger = { input: [64, 64, 1], classes: 3 } as const;
    const { network: loaded } = await load(bytes, { input: larger.input });
    expect(loaded.name).toBe(network.name);
    expect(mobilenet(options, larger).name).not.toBe(network.name);
    const flops = (made: typeof loaded): number => parametersAndFlops(made, larger.input).flops;
    expect(flops(loaded)).toBe(flops(network));
    expect(flops(loaded)).toBeGreaterThan(3 * flops(mobilenet(options, larger)));
  });

  it('is said to be another one where weights fit images of several sizes', async () => {
    const environment = { input: [28, 28, 1], classes: 10 } as const;
    const { params } = lenet5({}, environment).init(Rng.fromSeed(1), environment.input);
    const axesOf = (rank: number): number[] => (rank === 4 ? [3, 2, 0, 1] : rank === 2 ? [1, 0] : [0]);
    const tensors = mapTree(params, ({ shape, data }) => {
      const axes = axesOf(shape.length);
      return { shape: axes.map((axis) => shape[axis]!), data: permuted(data, shape, axes) };
    });
    const theirs = Object.fromEntries(
      Object.entries(tensors).map(([name, tensor]) => [name.replace('/weights', '/weight'), tensor]),
    );
    const model = { name: 'lenet5', options: {} };
    const guessed = await load(encodeSafetensors(theirs), { model });
    expect(guessed).toMatchObject({ environment: { input: [32, 32, 1], classes: 10 }, others: [28] });
    const said = await load(encodeSafetensors(theirs), { model, input: environment.input });
    expect(said).toMatchObject({ environment, others: [] });
  });
});

describe('a file of several networks', () => {
  const environment = { input: [28, 28, 1], classes: 10 } as const;
  const model = { name: 'lenet5', options: {} };
  /** A state dict whose weights are all `value`. */
  const filled = (prefix: string, value: number) => {
    const { params } = lenet5({}, environment).init(Rng.fromSeed(1), environment.input);
    return Object.entries(params).map(([name, { shape, data }]) => {
      const axes = shape.length === 4 ? [3, 2, 0, 1] : shape.length === 2 ? [1, 0] : [0];
      const tensor = { shape: axes.map((axis) => shape[axis]!), data: data.map(() => value) };
      return [prefix + name.replace('/weights', '.weight').replace('/bias', '.bias'), tensor] as const;
    });
  };
  const bytes = (...groups: [string, number][]): Uint8Array =>
    encodeSafetensors(Object.fromEntries(groups.flatMap(([prefix, value]) => filled(prefix, value))));
  const first = async (file: Uint8Array, stateDict?: string) => {
    const { variables, notices } = await load(file, {
      model,
      input: environment.input,
      ...(stateDict === undefined ? {} : { stateDict }),
    });
    return { value: Object.values(variables.params)[0]!.load().data[0], notices };
  };

  it('gives the model and reports its averages; each can be chosen', async () => {
    const file = bytes(['ema.module.', 2], ['model.', 1]);
    expect(await first(file)).toEqual({ value: 1, notices: [expect.stringContaining('"ema"')] });
    expect(await first(file, 'ema')).toEqual({ value: 2, notices: [] });
  });

  it('needs a choice between a teacher and a student', async () => {
    const file = bytes(['teacher.', 2], ['student.', 1]);
    await expect(first(file)).rejects.toMatchObject({ code: 'ANC_WEIGHTS' });
    expect(await first(file, 'teacher')).toMatchObject({ value: 2 });
  });
});

describe('a recognized network', () => {
  it('refuses images of other channels as such, not as a variant of it', async () => {
    const options = { depth: 8, variant: 'v1', shortcut: 'projection', width: 0.25 } as const;
    const environment = { input: [32, 32, 3], classes: 4 } as const;
    const { params, stats } = resnet(options, environment).init(Rng.fromSeed(1), environment.input);
    const named = resnetNames('fc');
    const tensors = Object.entries({ ...params, ...stats }).map(([name, { shape, data }]) => {
      const axes = shape.length === 4 ? [3, 2, 0, 1] : shape.length === 2 ? [1, 0] : [0];
      return [named(name), { shape: axes.map((axis) => shape[axis]!), data }] as const;
    });
    const bytes = encodeSafetensors(Object.fromEntries(tensors));
    expect((await load(bytes)).environment.input).toEqual([32, 32, 3]);
    await expect(load(bytes, { input: [28, 28, 1] })).rejects.toMatchObject({
      code: 'ANC_MODEL_INPUT',
      detail: { expected: 'images of 3 channels' },
    });
  });
});

describe('the metadata of a file', () => {
  const weights = { 'params/a': { shape: [1], data: new Float32Array(1) } };

  it('are refused if a newer version wrote them, before anything else is read', async () => {
    const bytes = encodeSafetensors(weights, { metadataVersion: '2', compact: 'unheard-of' });
    await expect(load(bytes)).rejects.toMatchObject({
      code: 'ANC_WEIGHTS',
      message: expect.stringContaining('newer version') as string,
    });
  });

  it('are refused if they are damaged', async () => {
    const bytes = encodeSafetensors(weights, { model: 'lenet5', modelOptions: '{' });
    await expect(load(bytes)).rejects.toMatchObject({ code: 'ANC_WEIGHTS', detail: { received: '{' } });
  });
});

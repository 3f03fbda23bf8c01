import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mergeTrees, prefixTree, Rng, type ImageSource } from '@anc/core';
import { encodeSafetensors } from '@anc/formats';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { compose } from '../composition/compose.js';
import { builtinPlugins } from '../plugins/builtin-plugins.js';
import { imageShapeOf } from './image-shape.js';

const composition = compose(await builtinPlugins());
let place: string;
beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'anc-shape-'));
});
afterAll(() => rm(place, { recursive: true, force: true }));

/** Writes untrained weights of a model, with this metadata. */
async function write(
  name: string,
  options: Record<string, unknown>,
  input: ImageSource['shape'],
  metadata: Record<string, string>,
): Promise<string> {
  const model = await composition.registries.models.create({ name, options }, { input, classes: 10 });
  const { params, stats } = model.init(Rng.fromSeed(1), input);
  const tensors = mergeTrees(prefixTree('params', params), prefixTree('stats', stats));
  const file = `${name}-${Object.keys(metadata).join('-')}.safetensors`;
  await writeFile(join(place, file), encodeSafetensors(tensors, metadata));
  return file;
}

const shapeOf = (file: string) => imageShapeOf({ file, cwd: place }, composition);

it('takes the size of a file that records it', async () => {
  const file = await write('resnet', { depth: 8 }, [48, 48, 3], {
    model: 'resnet',
    modelOptions: JSON.stringify({ depth: 8 }),
    input: JSON.stringify([48, 48, 3]),
  });
  expect(await shapeOf(file)).toEqual({
    shape: [48, 48, 3],
    source: "the metadata of the model's weights",
  });
});

it('leaves the size open where the network takes any', async () => {
  const file = await write('resnet', { depth: 8 }, [48, 48, 3], {
    model: 'resnet',
    modelOptions: JSON.stringify({ depth: 8 }),
  });
  expect((await shapeOf(file)).shape).toEqual([null, null, 3]);
});

it('takes the size that alone fits the weights', async () => {
  const options = { widths: [2], features: 4 };
  const file = await write('cnn', options, [64, 64, 1], {
    model: 'cnn',
    modelOptions: JSON.stringify(options),
  });
  expect(await shapeOf(file)).toEqual({
    shape: [64, 64, 1],
    source: expect.stringContaining("the shapes of the model's weights") as string,
  });
});

it('asks the network that was chosen, where a file holds several', async () => {
  const model = { name: 'lenet5', options: {} };
  const input = [28, 28, 1] as const;
  const { params } = (await composition.registries.models.create(model, { input, classes: 10 })).init(
    Rng.fromSeed(1),
    input,
  );
  const stored = Object.entries(params).map(([name, { shape, data }]) => {
    const axes = shape.length === 4 ? [3, 2, 0, 1] : shape.length === 2 ? [1, 0] : [0]; // as PyTorch keeps them
    const tensor = { shape: axes.map((axis) => shape[axis]!), data };
    return [name.replace('/weights', '.weight').replace('/bias', '.bias'), tensor] as const;
  });
  const both = ['teacher.', 'student.'].flatMap((prefix) =>
    stored.map(([name, tensor]) => [prefix + name, tensor] as const),
  );
  await writeFile(join(place, 'both.safetensors'), encodeSafetensors(Object.fromEntries(both)));
  const file = { file: 'both.safetensors', cwd: place, model };
  await expect(imageShapeOf(file, composition)).rejects.toMatchObject({ code: 'ANC_WEIGHTS' });
  expect((await imageShapeOf({ ...file, stateDict: 'teacher' }, composition)).shape[2]).toBe(1);
});

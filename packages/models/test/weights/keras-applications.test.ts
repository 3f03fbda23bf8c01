import '@tensorflow/tfjs-backend-cpu';
import type { HostTensor } from '@anc/core';
import { inMemory, loadVariables, type StateDict } from '@anc/formats';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import models, {
  importInto,
  parametersAndFlops,
  readKeras,
  readTfjsModel,
  recognizeKeras,
} from '../../src/index.js';
import { random, score } from '../as-function.js';
import { kerasBytes, mobilenetApplication, resnetApplication, tfjsFiles, train } from './applications.js';

beforeAll(() => tf.setBackend('cpu'));

const readers: Readonly<Record<string, (model: LayersModel) => Promise<StateDict>>> = {
  '.keras': async (model) => readKeras(inMemory(await kerasBytes(model))),
  'model.json': async (model) => {
    const { json, shard } = await tfjsFiles(model);
    return readTfjsModel(json, () => Promise.resolve(shard));
  },
};

/** Recognizes, imports, and compares the logits. */
async function expectSame(model: LayersModel, dict: StateDict) {
  const found = recognizeKeras(dict);
  const input = JSON.parse(dict.metadata.input!) as [number, number, number];
  const { classes } = found.environment;
  const network = models().models![found.model]!.create(found.options, { input, classes });
  const imported = importInto(network, input, dict);
  expect(imported.map).toBe('keras-applications');
  const images: HostTensor = random(3, [2, ...input]);
  const { logits } = await score(network, loadVariables(imported.variables), images);
  const wanted = (model.predict(tf.tensor(images.data, [2, ...input])) as tf.Tensor).dataSync();
  const scale = Math.max(...wanted.map(Math.abs));
  expect(logits!.shape).toEqual([2, classes]);
  wanted.forEach((value, i) => expect(Math.abs(logits!.data[i]! - value)).toBeLessThan(1e-5 * scale));
  const trainable = model.trainableWeights.reduce(
    (sum, { shape }) => sum + shape.reduce<number>((product, side) => product * side!, 1),
    0,
  );
  expect(parametersAndFlops(network, input).parameters).toBe(trainable);
  return found;
}

const networks: readonly (readonly [string, () => LayersModel, string, object])[] = [
  [
    'MobileNet',
    () => mobilenetApplication({ alpha: 0.125, side: 64, classes: 5 }),
    'keras-mobilenet',
    { width: 0.125, stemStride: 2 },
  ],
  [
    'MobileNet of TensorFlow.js, odd sides',
    () => mobilenetApplication({ alpha: 0.125, side: 75, classes: 5, stemPad: true }),
    'keras-mobilenet',
    { width: 0.125, stemStride: 2, stemPadding: 'end' },
  ],
  [
    'ResNet50',
    () => resnetApplication({ version: 1, filters: 4, side: 33, classes: 5 }),
    'keras-resnet50',
    { width: 0.0625 },
  ],
  [
    'ResNet50V2',
    () => resnetApplication({ version: 2, filters: 4, side: 32, classes: 5 }),
    'keras-resnet50-v2',
    { width: 0.0625 },
  ],
];

describe.each(networks)('%s', (_name, make, name, options) => {
  it.each(Object.keys(readers))('is recognized in a %s, and computes the same logits', async (format) => {
    const model = make();
    train(model);
    const found = await expectSame(model, await readers[format]!(model));
    expect(found.model).toBe(name);
    expect(found.options).toEqual(options);
  });
});

describe('what is not such a network', () => {
  const dictOf = async (model: LayersModel): Promise<StateDict> => readers['.keras']!(model);
  const without = (dict: StateDict, pattern: RegExp): StateDict => ({
    ...dict,
    tensors: Object.fromEntries(Object.entries(dict.tensors).filter(([name]) => !pattern.test(name))),
  });
  const mobilenet = () => mobilenetApplication({ alpha: 0.03125, side: 32, classes: 3 });

  it('is refused with its name, and what to do instead', async () => {
    const dict = without(await dictOf(mobilenet()), /conv_dw_1\//);
    expect(() => recognizeKeras(dict)).toThrow(
      expect.objectContaining({
        code: 'ANC_WEIGHTS',
        detail: expect.objectContaining({
          received: expect.stringMatching(/^mobilenet: conv1\/kernel/) as string,
          hint: expect.stringContaining('--teacher model.onnx') as string,
        }) as object,
      }),
    );
  });

  it('has no head, or one of two layers', async () => {
    const dict = await dictOf(mobilenet());
    expect(() => recognizeKeras(without(dict, /conv_preds/))).toThrow(/without a head/);
    const hidden = { ...dict.tensors['conv_preds/kernel']!, shape: [32, 8] };
    const deeper = { ...dict, tensors: { 'hidden/kernel': hidden, ...dict.tensors } };
    expect(() => recognizeKeras(deeper)).toThrow(/more than a head of one layer/);
    const normed = { ...dict.tensors['conv1_bn/gamma']!, shape: [32] };
    const other = { ...dict, tensors: { ...dict.tensors, 'batch_normalization/gamma': normed } };
    expect(() => recognizeKeras(other)).toThrow(/more than a head of one layer/);
  });

  it('preprocesses its images in an unsupported way', async () => {
    const dict = await dictOf(mobilenet());
    const lambda = { class_name: 'Lambda', config: { name: 'gamma' } };
    const topology = { class_name: 'Sequential', config: { name: 's', layers: [lambda, dict.topology] } };
    expect(() => recognizeKeras({ ...dict, topology })).toThrow(
      expect.objectContaining({ detail: expect.objectContaining({ received: 'gamma (Lambda)' }) as object }),
    );
  });

  it('is a MobileNet of uneven widths', async () => {
    const dict = await dictOf(mobilenetApplication({ alpha: 0.04, side: 32, classes: 3 }));
    expect(() => recognizeKeras(dict)).toThrow(/widths were cut/);
  });

  it('is a ResNet of another depth', async () => {
    const dict = await dictOf(resnetApplication({ version: 1, filters: 1, side: 32, classes: 3 }));
    expect(() => recognizeKeras(without(dict, /conv4_block6_/))).toThrow(/so many blocks/);
  });
});

describe('a file of weights', () => {
  it('are taken for those of Keras 3', async () => {
    const { topology: _, ...dict } = await readers['.keras']!(
      mobilenetApplication({ alpha: 0.03125, side: 32, classes: 3, stemPad: true }),
    );
    expect(recognizeKeras(dict).options).toEqual({ width: 0.03125, stemStride: 2 });
    expect(recognizeKeras(dict).environment).toEqual({ input: [224, 224, 3], classes: 3 });
  });
});

import '@tensorflow/tfjs-backend-cpu';
import {
  Rng,
  type ClassifierOutputs,
  type HostTensor,
  type Network,
  type TensorFunction,
  type Tree,
} from '@anc/core';
import { inference } from '@anc/core/internal';
import { inMemory, loadVariables, encodeKerasFile, readKerasFile } from '@anc/formats';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  cnn,
  exportKerasModel,
  importInto,
  lenet5,
  mobilenet,
  mobilenetV3Small,
  shufflenetV2,
  readKeras,
  resnet,
  runKerasModel,
} from '../../src/index.js';
import { asTensors, classify, random, trained } from '../as-function.js';

const fileOf = (
  f: TensorFunction,
  input: readonly number[],
  constants: Tree<HostTensor> = {},
): Promise<Uint8Array> =>
  encodeKerasFile(
    exportKerasModel(
      'test',
      f,
      { id: 'test', inputs: { images: { shape: [1, ...input], dtype: 'float32' } } },
      constants,
    ),
    { model: 'test', foldedNormalization: '"unit"' },
  );

/** Below and to the right. */
const END: tf.backend_util.ExplicitPadding = [
  [0, 0],
  [0, 1],
  [0, 1],
  [0, 0],
];

interface Configured {
  readonly class_name: string;
  readonly name: string;
  readonly config: Record<string, unknown>;
}
const layersIn = async (file: Uint8Array): Promise<Configured[]> => {
  const { topology } = await readKerasFile(inMemory(file));
  return (topology as { config: { layers: Configured[] } }).config.layers;
};

/** Compares what a file's layers give with what the function gives. */
async function expectSame(
  f: TensorFunction,
  input: readonly number[],
  constants: Tree<HostTensor> = {},
): Promise<Uint8Array> {
  const file = await fileOf(f, input, constants);
  const archive = await readKerasFile(inMemory(file));
  const images = random(2, [2, ...input]);
  const [x, ...rest] = [images, ...Object.values(constants)].map(({ shape, data }) =>
    tf.tensor(data, [...shape], 'float32'),
  );
  const named = Object.fromEntries(Object.keys(constants).map((name, i) => [name, rest[i]!]));
  const wanted = Object.values(f({ images: x!, ...named }, inference));
  const found = runKerasModel(archive, x!);
  expect(found.map(({ shape }) => shape)).toEqual(wanted.map(({ shape }) => shape));
  wanted.forEach((tensor, at) => {
    const [numbers, others] = [tensor.dataSync(), found[at]!.dataSync()];
    const scale = Math.max(...numbers.map(Math.abs));
    expect(Math.max(...numbers.map((value, i) => Math.abs(others[i]! - value)))).toBeLessThan(1e-5 * scale);
  });
  return file;
}

beforeAll(() => tf.setBackend('cpu'));

describe('a Keras model', () => {
  it.each<[string, readonly [number, number, number], (classes: number) => Network<ClassifierOutputs>]>([
    [
      'resnet v1, padded shortcuts',
      [16, 16, 3],
      (classes) => resnet({ depth: 8, variant: 'v1', shortcut: 'pad' }, { classes }),
    ],
    [
      'resnet v1, projections, odd sizes',
      [15, 17, 3],
      (classes) => resnet({ depth: 8, width: 0.5, variant: 'v1' }, { classes }),
    ],
    [
      'resnet v2, bottlenecks, a projection at every stage',
      [16, 16, 3],
      (classes) =>
        resnet(
          { depth: 11, width: 0.25, block: 'bottleneck', shortcut: 'projection-every-stage' },
          { classes },
        ),
    ],
    [
      'resnet v2 of ImageNet, whose first pooling sees negative values',
      [65, 64, 3],
      (classes) =>
        resnet(
          { family: 'imagenet', depth: 18, width: 0.0625, bias: true, downsample: 'last-block' },
          { classes },
        ),
    ],
    [
      'resnet v2, zeros at the border of the pooling, biases before batch norm',
      [65, 64, 3],
      (classes) =>
        resnet(
          { family: 'imagenet', depth: 18, width: 0.0625, poolBorder: 'zeros', bias: 'all' },
          { classes },
        ),
    ],
    [
      'mobilenet, padded at the end',
      [35, 33, 3],
      (classes) =>
        mobilenet(
          { width: 0.0625, padding: 'end', stemPadding: 'same', stemStride: 2 },
          { input: [35, 33, 3], classes },
        ),
    ],
    [
      'resnet v1 of ImageNet',
      [64, 64, 3],
      (classes) => resnet({ family: 'imagenet', depth: 18, width: 0.0625, variant: 'v1' }, { classes }),
    ],
    [
      'mobilenet',
      [33, 32, 3],
      (classes) => mobilenet({ width: 0.125, activation: 'relu6' }, { input: [33, 32, 3], classes }),
    ],
    [
      'mobilenet-v3-small: squeeze-excite, hard-swish, another epsilon',
      [17, 16, 3],
      (classes) => mobilenetV3Small({ width: 0.0625 }, { input: [17, 16, 3], classes }),
    ],
    [
      'shufflenet-v2: channels that are split and shuffled',
      [9, 8, 1],
      (classes) => shufflenetV2({ width: 0.0625 }, { input: [9, 8, 1], classes }),
    ],
    ['lenet5', [28, 28, 1], (classes) => lenet5({}, { input: [28, 28, 1], classes })],
    [
      'cnn',
      [12, 10, 2],
      (classes) =>
        cnn({ widths: [4, 6], batchNorm: true, features: 5, featuresFrom: 'before-relu' }, { classes }),
    ],
  ])('of %s computes the same and is read again', async (_name, input, create) => {
    const network = create(5);
    const variables = trained(network, input);
    const file = await expectSame(classify(network), input, asTensors(variables));
    const dict = await readKeras(inMemory(file));
    expect(dict.metadata).toEqual({
      input: JSON.stringify(input),
      model: 'test',
      normalization: '"unit"',
    });
    const again = importInto(network, input, dict);
    expect(again.map).toBe('keras');
    const { params, stats } = loadVariables(again.variables);
    expect(params).toEqual(variables.params);
    expect(Object.keys(stats)).toEqual(Object.keys(variables.stats));
    for (const [name, { data }] of Object.entries(variables.stats)) {
      data.forEach((value, i) => expect(Math.abs(stats[name]!.data[i]! - value)).toBeLessThan(1e-6));
    }
  });

  it.each<[string, (x: tf.Tensor4D) => tf.Tensor]>([
    ['activations', (x) => tf.concat([tf.leakyRelu(x, 0.1), tf.elu(x), tf.sigmoid(x), tf.tanh(x)], -1)],
    [
      'arithmetic',
      (x) => tf.mul(tf.sub(tf.maximum(x, tf.relu(x)), tf.div(tf.sub(1, x), [2, 4])), tf.add(x, 3)),
    ],
    [
      'an image of numbers',
      (x) => tf.add(tf.mul(x, [2, 3]), tf.tensor(random(5, [4, 4, 2]).data, [4, 4, 2])),
    ],
    ['softmax of a mean', (x) => tf.softmax(tf.mean(x, [1, 2]))],
    ['a maximum', (x) => tf.max(x, [1, 2], true)],
    ['reshapes', (x) => tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [x.shape[0], 2, 16])],
    [
      'padding of one side',
      (x) =>
        tf.pad(x, [
          [0, 0],
          [1, 0],
          [0, 2],
          [0, 1],
        ]),
    ],
    ['a centered pooling of negative values', (x) => tf.maxPool(tf.sub<tf.Tensor4D>(x, 5), 3, 2, 1, 'floor')],
    ['one padded at the end', (x) => tf.maxPool(tf.relu(x), 3, 2, END, 'floor')],
    ['a pooling of rectified values', (x) => tf.maxPool(tf.relu(x), 3, 2, 1, 'floor')],
    ['batch norm of vectors', (x) => tf.batchNorm(tf.mean(x, [1, 2]), [1, 2], [3, 4], [5, 6], [7, 8], 0.1)],
    ['a sum that is taken twice', (x) => tf.add(tf.relu(tf.add(x, 1)), tf.add(x, 1))],
    [
      'a convolution whose output is taken twice',
      (x) => {
        const y = tf.conv2d(x, tf.ones([3, 3, 2, 2]), 1, 'same');
        return tf.add(tf.add(y, [1, 2]), y);
      },
    ],
  ])('expresses %s', async (_name, f) => {
    await expectSame(({ images }) => ({ logits: f(images as tf.Tensor4D) }), [4, 4, 2]);
  });

  it.each<[string, (x: tf.Tensor4D) => tf.Tensor]>([
    ['the operation Exp', (x) => tf.exp(x)],
    [
      'padding with a value other than zero',
      (x) =>
        tf.relu(
          tf.pad(
            x,
            [
              [0, 0],
              [1, 1],
              [1, 1],
              [0, 0],
            ],
            2,
          ),
        ),
    ],
    ['pooling of 3 × 3 with padding 0, 1, 0, 1', (x) => tf.maxPool(x, 3, 2, END, 'floor')],
    ['pooling of 2 × 2 with padding 1, 1, 1, 1', (x) => tf.maxPool(x, 2, 2, 1, 'floor')],
    [
      'a value that is computed only from weights',
      (x) => tf.conv2d(x, tf.relu(tf.ones([1, 1, 2, 2])), 1, 'same'),
    ],
    ['AddV2 of tensors of different shapes', (x) => tf.add(tf.expandDims(x, 1), x)],
    ['Mean over the axes 1,2,3', (x) => tf.mean(x, [1, 2, 3], true)],
    ['a division by a computed value', (x) => tf.div(1, x)],
  ])('reports that %s cannot be expressed', (what, f) => {
    expect(() =>
      exportKerasModel(
        'test',
        ({ images }) => ({ logits: f(images as tf.Tensor4D) }),
        { id: 'test', inputs: { images: { shape: [1, 4, 4, 2], dtype: 'float32' } } },
        {},
      ),
    ).toThrow(
      expect.objectContaining({ code: 'ANC_EXPORT', message: expect.stringContaining(what) as string }),
    );
  });

  it('has layers named after the variables, in the order in which Keras numbers them', async () => {
    const network = resnet({ depth: 8, width: 0.5, variant: 'v1' }, { classes: 5 });
    const layers = await layersIn(
      await fileOf(classify(network), [16, 16, 3], asTensors(trained(network, [16, 16, 3]))),
    );
    const convolutions = layers.filter((layer) => layer.class_name === 'Conv2D').map(({ name }) => name);
    // The shortcut's stands as far from the sum as the branch's last.
    expect(convolutions.slice(4, 7)).toEqual([
      'stage2_block1_conv1',
      'stage2_block1_conv2',
      'stage2_block1_shortcut',
    ]);
    expect(layers[0]).toMatchObject({ name: 'images', config: { batch_shape: [null, 16, 16, 3] } });
    expect(layers.find(({ class_name: name }) => name === 'BatchNormalization')!.config.epsilon).toBeCloseTo(
      1e-5,
    );
  });

  it('is the same bytes whenever it is written', async () => {
    const network = cnn({ widths: [2] }, { classes: 3 });
    const write = (): Promise<Uint8Array> =>
      fileOf(classify(network), [8, 8, 1], asTensors(network.init(Rng.fromSeed(1), [8, 8, 1])));
    expect(await write()).toEqual(await write());
  });
});

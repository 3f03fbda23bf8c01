import '@tensorflow/tfjs-backend-cpu';
import {
  type ClassifierOutputs,
  type HostTensor,
  type Network,
  type TensorFunction,
  type Tree,
} from '@anc/core';
import { graphModelFiles, loadVariables } from '@anc/formats';
import { loadGraphModel, type GraphModel } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import {
  cnn,
  exportGraphModel,
  importInto,
  lenet5,
  mobilenet,
  readTfjsModel,
  resnet,
} from '../../src/index.js';
import { asTensors, classify, random, score, trained } from '../as-function.js';

const { io } = tf;

/** What a program that knows TensorFlow.js alone makes of a model's files. */
async function load(files: ReadonlyMap<string, Uint8Array>): Promise<GraphModel> {
  const json = JSON.parse(new TextDecoder().decode(files.get('model.json'))) as tf.io.ModelJSON;
  const artifacts = await io.getModelArtifactsForJSON(json, (manifest) => {
    const parts = manifest.flatMap(({ paths }) => paths.map((path) => files.get(path)!));
    return Promise.resolve([
      manifest.flatMap(({ weights }) => weights),
      new Uint8Array(Buffer.concat(parts)).buffer,
    ]);
  });
  await tf.setBackend('cpu');
  return loadGraphModel(io.fromMemory(artifacts));
}

const filesOf = (
  f: TensorFunction,
  input: readonly number[],
  constants: Tree<HostTensor>,
  dtype: 'float32' | 'uint8',
) =>
  new Map(
    [
      ...graphModelFiles(
        exportGraphModel(f, { id: 'test', inputs: { images: { shape: [1, ...input], dtype } } }, constants),
        { model: 'test' },
      ),
    ].map(({ name, bytes }) => [name, bytes]),
  );

/** Below and to the right. */
const END: tf.backend_util.ExplicitPadding = [
  [0, 0],
  [0, 1],
  [0, 1],
  [0, 0],
];

const networks: readonly (readonly [
  string,
  readonly [number, number, number],
  (classes: number) => Network<ClassifierOutputs>,
])[] = [
  [
    'resnet v1, padded shortcuts',
    [16, 16, 3],
    (classes) => resnet({ depth: 8, width: 0.5, variant: 'v1' }, { classes }),
  ],
  [
    'resnet v2, bottlenecks',
    [16, 16, 3],
    (classes) => resnet({ depth: 11, width: 0.25, block: 'bottleneck', shortcut: 'projection' }, { classes }),
  ],
  [
    'resnet of ImageNet',
    [64, 64, 3],
    (classes) => resnet({ family: 'imagenet', depth: 18, width: 0.0625 }, { classes }),
  ],
  [
    'resnet v2, zeros at the border of the pooling',
    [64, 64, 3],
    (classes) =>
      resnet({ family: 'imagenet', depth: 18, width: 0.0625, poolBorder: 'zeros', bias: 'all' }, { classes }),
  ],
  [
    'mobilenet, padded at the end',
    [35, 33, 3],
    (classes) =>
      mobilenet(
        { width: 0.0625, padding: 'end', stemStride: 2, activation: 'relu6' },
        { input: [35, 33, 3], classes },
      ),
  ],
  [
    'resnet v1 of ImageNet',
    [64, 64, 3],
    (classes) => resnet({ family: 'imagenet', depth: 18, width: 0.0625, variant: 'v1' }, { classes }),
  ],
  ['mobilenet', [32, 32, 3], (classes) => mobilenet({ width: 0.125 }, { input: [32, 32, 3], classes })],
  ['lenet5', [28, 28, 1], (classes) => lenet5({}, { input: [28, 28, 1], classes })],
  ['cnn', [12, 10, 2], (classes) => cnn({ widths: [4, 6], batchNorm: true, features: 5 }, { classes })],
];

describe('GraphModel', () => {
  it.each(networks)('%s: TensorFlow.js computes the same', async (_name, input, create) => {
    const network = create(5);
    const variables = trained(network, input);
    const files = filesOf(classify(network), input, asTensors(variables), 'float32');
    const model = await load(files);
    expect(model.inputs.map(({ name, shape }) => [name, shape])).toEqual([['images', [-1, ...input]]]);
    const images = random(2, [3, ...input]);
    const wanted = await score(network, variables, images);
    const found = model.execute({ images: tf.tensor(images.data, [...images.shape]) }, [
      'logits',
      'features',
    ]) as tf.Tensor[];
    for (const [i, name] of ['logits', 'features'].entries()) {
      const { shape, data } = wanted[name]!;
      expect(found[i]!.shape).toEqual(shape);
      const scale = Math.max(...data.map(Math.abs));
      const values = found[i]!.dataSync();
      expect(Math.max(...data.map((value, at) => Math.abs(values[at]! - value)))).toBeLessThan(1e-5 * scale);
    }
    // Names and numbers are ours, so that the folder can be imported again.
    const dict = await readTfjsModel(files.get('model.json')!, (file) => Promise.resolve(files.get(file)!));
    const again = importInto(network, input, dict);
    expect(again.map).toBeNull();
    expect(loadVariables(again.variables)).toEqual(variables);
  });

  it('takes bytes as browsers give them, and cuts weights into shards', async () => {
    const weights = random(3, [1_500_000, 1]);
    const f: TensorFunction = ({ images, w }) => ({
      logits: tf.add(tf.mean(images!, [1, 2]), tf.mean(w!)),
    });
    const files = filesOf(f, [2, 2, 1], { w: weights }, 'uint8');
    expect([...files.keys()]).toEqual(['group1-shard1of2.bin', 'group1-shard2of2.bin', 'model.json']);
    expect(files.get('group1-shard1of2.bin')).toHaveLength(4 * 2 ** 20);
    const model = await load(files);
    const pixels = tf.tensor([1, 2, 3, 255], [1, 2, 2, 1], 'int32');
    const mean = Array.from(weights.data).reduce((a, b) => a + b, 0) / weights.data.length;
    expect((model.predict(pixels) as tf.Tensor).dataSync()[0]).toBeCloseTo(261 / 4 + mean, 3);
  });

  it('reports what it cannot write, and leaves the active backend', async () => {
    await tf.setBackend('cpu');
    const write = (f: TensorFunction): unknown => filesOf(f, [2, 2, 1], {}, 'float32');
    expect(() => write(({ images }) => ({ logits: tf.cumsum(images!) }))).toThrow(
      expect.objectContaining({ code: 'ANC_EXPORT', message: expect.stringContaining('Cumsum') as string }),
    );
    expect(() => write(({ images }) => ({ logits: tf.add(images!, tf.ones(images!.shape)) }))).toThrow(
      /open batch/,
    );
    expect(() => write(({ images }) => ({ logits: tf.scalar(images!.dataSync()[0]!) }))).toThrow(
      /reads the value/,
    );
    expect(tf.getBackend()).toBe('cpu');
    expect(tf.add(1, 2).dataSync()[0]).toBe(3);
  });

  it.each<[string, (x: tf.Tensor4D) => tf.Tensor]>([
    ['concat', (x) => tf.concat([tf.leakyRelu(x, 0.1), tf.elu(x), tf.clipByValue(x, -0.5, 0.5)], -1)],
    ['transpose', (x) => tf.transpose(tf.tile(x, [1, 1, 2, 1]), [0, 2, 1, 3])],
    ['where', (x) => tf.where(tf.greater(x, 0), tf.sqrt(tf.abs(x)), tf.neg(x))],
    ['slice', (x) => tf.slice(x, [0, 1, 0, 0], [x.shape[0], 2, -1, 2])],
    ['resize', (x) => tf.image.resizeBilinear(x, [6, 5])],
    ['pool padded at the end', (x) => tf.maxPool(tf.sub<tf.Tensor4D>(x, 5), 3, 2, END, 'floor')],
    ['padded pool', (x) => tf.maxPool(tf.sub<tf.Tensor4D>(x, 5), 3, 2, 1, 'floor')],
    ['mean pool', (x) => tf.avgPool(x, 3, 2, 'same')],
    ['softmax', (x) => tf.softmax(x)],
    ['products', (x) => tf.matMul(tf.mean(x, 3), tf.mean(x, 3), false, true)],
    ['prelu', (x) => tf.prelu(x, tf.tensor([[[0.3, 0.1]]]))],
    ['reductions', (x) => tf.sum(tf.max(x, [1], true), [2])],
    ['new axis', (x) => tf.expandDims(tf.relu6(x), -1)],
    ['dilated', (x) => tf.conv2d(x, tf.ones([2, 2, 2, 3]), 1, 'valid', 'NHWC', 2)],
    [
      'padded',
      (x) =>
        tf.conv2d(
          tf.pad(
            x,
            [
              [0, 0],
              [1, 0],
              [0, 1],
              [0, 0],
            ],
            2,
          ),
          tf.ones([3, 3, 2, 1]),
          2,
          1,
          'NHWC',
          1,
          'floor',
        ),
    ],
    ['cast', (x) => tf.mul(tf.cast(tf.lessEqual(x, 0.2), 'float32'), x)],
  ])('writes %s', async (_name, f) => {
    const images = random(4, [2, 4, 4, 2]);
    const model = await load(
      filesOf(({ images }) => ({ logits: f(images as tf.Tensor4D) }), [4, 4, 2], {}, 'float32'),
    );
    const x = tf.tensor4d(images.data as Float32Array, [2, 4, 4, 2]);
    const wanted = f(x);
    const found = model.predict(x) as tf.Tensor;
    expect(found.shape).toEqual(wanted.shape);
    const values = found.dataSync();
    wanted.dataSync().forEach((value, i) => expect(values[i]).toBeCloseTo(value, 5));
  });
});

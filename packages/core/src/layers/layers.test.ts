import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { valueAndGradients } from '../autodiff/autodiff.js';
import type { Context } from '../contracts/network.js';
import { isAncError, type AncError } from '../errors/error.js';
import { Rng } from '../random/rng.js';
import { mapTree, type HostTensor } from '../tree/tree.js';
import { batchNorm } from './batch-norm.js';
import { LayeredClassifier } from './classifier.js';
import { conv2d } from './conv2d.js';
import { dense } from './dense.js';
import { depthwiseConv2d } from './depthwise-conv2d.js';
import { flatten, relu } from './elementwise.js';
import type { Layer } from './layer.js';
import { padChannels } from './pad-channels.js';
import { padImage } from './pad-image.js';
import { avgPool, globalAveragePool, maxPool } from './pool.js';
import { residual } from './residual.js';
import { sequential } from './sequential.js';
import { tap } from './tap.js';

const context = (training: boolean): Context => ({
  training,
  noise: (_name, shape) => tf.ones(shape as [number]),
  activation: (_name, x) => x,
});
const device = (host: HostTensor): tf.Tensor => tf.tensor(host.data, host.shape as [number]);

function run(layer: Layer, input: readonly number[], training = false, batch = 2): tf.Tensor {
  const host = layer.init(Rng.fromSeed(1), input);
  const variables = { params: mapTree(host.params, device), stats: mapTree(host.stats, device) };
  const x = tf.randomNormal([batch, ...input] as [number], 0, 1, 'float32', 3);
  return layer.apply(variables, x, context(training)).output;
}

const failure = (f: () => unknown): AncError => {
  try {
    f();
  } catch (error) {
    if (isAncError(error)) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
};

beforeAll(() => tf.setBackend('cpu'));

describe('shapes', () => {
  const block = residual('block', {
    before: [batchNorm('bn')],
    branch: [relu(), conv2d('conv', { kernelSize: 3, filters: 6, stride: 2, bias: false })],
    shortcut: [avgPool('sub', { kernelSize: 1, stride: 2 }), padChannels('pad', 6)],
    after: [batchNorm('bn2')],
  });
  const cases: [string, Layer, number[]][] = [
    ['conv same', conv2d('c', { kernelSize: 3, filters: 4, stride: 2 }), [7, 8, 3]],
    ['conv valid', conv2d('c', { kernelSize: 3, filters: 4, padding: 'valid' }), [7, 8, 3]],
    ['conv padded', conv2d('c', { kernelSize: 7, filters: 4, stride: 2, padding: 3 }), [8, 9, 3]],
    ['conv padded behind', conv2d('c', { kernelSize: 3, filters: 4, stride: 2, padding: [0, 1] }), [8, 9, 3]],
    ['depthwise', depthwiseConv2d('d', { kernelSize: 3, stride: 2 }), [7, 8, 3]],
    [
      'depthwise padded',
      depthwiseConv2d('d', { kernelSize: 3, stride: 2, padding: 1, bias: false }),
      [8, 8, 3],
    ],
    [
      'depthwise padded behind',
      depthwiseConv2d('d', { kernelSize: 3, stride: 2, padding: [0, 1] }),
      [9, 8, 3],
    ],
    ['max pool', maxPool('p', { kernelSize: 2 }), [7, 8, 3]],
    ['max pool padded', maxPool('p', { kernelSize: 3, stride: 2, padding: 1 }), [8, 8, 3]],
    ['max pool padded behind', maxPool('p', { kernelSize: 3, stride: 2, padding: [0, 1] }), [8, 9, 3]],
    ['average pool padded behind', avgPool('p', { kernelSize: 3, stride: 2, padding: [0, 1] }), [8, 9, 3]],
    ['average pool', avgPool('p', { kernelSize: 3, stride: 2, padding: 'same' }), [7, 8, 3]],
    ['zeros around', padImage('z', 2), [7, 8, 3]],
    ['global average pool', globalAveragePool(), [7, 8, 3]],
    ['flatten', flatten(), [7, 8, 3]],
    ['dense', dense('d', { units: 5 }), [7]],
    ['batch norm', batchNorm('n'), [4, 4, 3]],
    ['residual', block, [7, 7, 3]],
    ['sequential', sequential('s', [block, globalAveragePool(), dense('d', { units: 5 })]), [8, 8, 3]],
  ];
  it.each(cases)('%s has the shape that outputShape gives', (_name, layer, input) => {
    expect(run(layer, input).shape).toEqual([2, ...layer.outputShape(input)]);
  });

  it('counts the parameters that init makes', () => {
    for (const [, layer, input] of cases) {
      const made = Object.values(layer.init(Rng.fromSeed(1), input).params);
      const size = made.reduce((sum, host) => sum + host.data.length, 0);
      expect(layer.summary(input).reduce((sum, row) => sum + row.parameters, 0)).toBe(size);
    }
  });
});

describe('padding behind an image', () => {
  const ones = tf.ones([1, 4, 4, 1]);
  const weights = tf.ones([3, 3, 1, 1]);
  const values = (layer: Layer): number[] => [
    ...layer.apply({ params: { weights }, stats: {} }, ones, context(false)).output.dataSync(),
  ];
  const window = { kernelSize: 3, stride: 2, padding: [0, 1] as const };

  it('is below and to the right', () => {
    expect(values(conv2d('c', { ...window, filters: 1, bias: false }))).toEqual([9, 6, 6, 4]);
    expect(values(depthwiseConv2d('d', { ...window, bias: false }))).toEqual([9, 6, 6, 4]);
    expect(values(avgPool('a', window))).toEqual([1, 1, 1, 1]); // left out of the mean
  });

  it('is ignored by max pooling, unlike the zeros of padImage', () => {
    const below = (layer: Layer): number[] => [
      ...layer.apply({ params: {}, stats: {} }, tf.neg(ones), context(false)).output.dataSync(),
    ];
    expect(below(maxPool('m', window))).toEqual([-1, -1, -1, -1]);
    const zeros = sequential('z', [padImage('pad', 1), maxPool('m', { kernelSize: 3, stride: 2 })]);
    expect(below(zeros)).toEqual([0, 0, 0, -1]);
  });
});

describe('impossible inputs', () => {
  it.each([
    [conv2d('conv', { kernelSize: 5, filters: 4, padding: 'valid' }), [4, 9, 3], 'at least 5 × 5 pixels'],
    [maxPool('pool', { kernelSize: 2 }), [1, 1, 3], 'at least 2 × 2 pixels'],
    [conv2d('conv', { kernelSize: 5, filters: 4 }), [12], 'an image'],
    [dense('fc', { units: 4 }), [3, 3, 3], 'a vector'],
    [padChannels('pad', 4), [3, 3, 8], 'at most 4 channels'],
  ])('%o', (layer, input, expected) => {
    const error = failure(() => layer.outputShape(input));
    expect(error.code).toBe('ANC_MODEL_INPUT');
    expect(error.message).toContain(layer.name);
    expect(error.detail.expected).toContain(expected);
    expect(error.detail.received).toBe(`[${input.join(', ')}]`);
    expect(failure(() => layer.init(Rng.fromSeed(0), input)).code).toBe('ANC_MODEL_INPUT');
  });

  it('names the layer by its path', () => {
    const net = sequential('net', [
      sequential('stage1', [conv2d('conv2', { kernelSize: 5, filters: 1, padding: 'valid' })]),
    ]);
    expect(failure(() => net.outputShape([3, 3, 1])).message).toContain('net/stage1/conv2:');
  });

  it('refuses two layers of the same name, branches of different shapes, and a classifier without logits', () => {
    expect(failure(() => sequential('s', [relu('a'), relu('a')])).code).toBe('ANC_MODEL');
    const uneven = residual('r', { branch: [conv2d('c', { kernelSize: 1, filters: 3 })] });
    expect(failure(() => uneven.outputShape([4, 4, 2])).code).toBe('ANC_MODEL_INPUT');
    expect(failure(() => new LayeredClassifier('c', 0, [])).code).toBe('ANC_MODEL');
    const short = new LayeredClassifier('c', 3, [flatten(), tap('features')]);
    expect(failure(() => short.init(Rng.fromSeed(0), [2, 2, 1])).code).toBe('ANC_MODEL_INPUT');
  });
});

it('refuses more parameters than can be held, before any is made', () => {
  const huge = sequential('s', [flatten(), dense('d', { units: 2 ** 40 })]);
  expect(failure(() => huge.init(Rng.fromSeed(0), [2 ** 20, 2 ** 20, 3])).code).toBe('ANC_MODEL');
});

describe('seeded initialization', () => {
  const net = sequential('n', [
    conv2d('a', { kernelSize: 3, filters: 8 }),
    conv2d('b', { kernelSize: 3, filters: 8 }),
  ]);
  it('repeats by seed, differs by seed and by layer, and has He variance', () => {
    const one = net.init(Rng.fromSeed(7), [8, 8, 8]).params;
    expect(net.init(Rng.fromSeed(7), [8, 8, 8]).params).toEqual(one);
    expect(net.init(Rng.fromSeed(8), [8, 8, 8]).params['a/weights']).not.toEqual(one['a/weights']);
    expect(one['a/weights']!.data).not.toEqual(one['b/weights']!.data);
    const values = [...one['a/weights']!.data];
    const variance = values.reduce((sum, v) => sum + v * v, 0) / values.length;
    expect(variance / (2 / 72)).toBeGreaterThan(0.8);
    expect(variance / (2 / 72)).toBeLessThan(1.25);
  });
});

describe('LayeredClassifier', () => {
  const net = new LayeredClassifier('c', 3, [
    conv2d('conv', { kernelSize: 3, filters: 4 }),
    tap('early'),
    globalAveragePool(),
    tap('features'),
    dense('logits', { units: 3 }),
  ]);
  const host = net.init(Rng.fromSeed(1), [5, 5, 1]);
  const variables = { params: mapTree(host.params, device), stats: {} };

  it('gives logits, features and taps, and continues with what the context returns', () => {
    const x = tf.ones([2, 5, 5, 1]);
    const plain = net.apply(variables, x, context(false)).outputs;
    expect(plain.logits.shape).toEqual([2, 3]);
    expect(plain.features.shape).toEqual([2, 4]);
    expect(plain['early']!.shape).toEqual([2, 5, 5, 4]);
    const muted: Context = {
      ...context(false),
      activation: (name, value) => (name === 'features' ? tf.zerosLike(value) : value),
    };
    expect(net.apply(variables, x, muted).outputs.logits.dataSync()).toEqual(new Float32Array(6)); // its bias
  });

  it('names rows and variables alike', () => {
    const rows = net.summary([5, 5, 1]).map((row) => row.name);
    expect(rows).toEqual(['conv', 'pool', 'logits']);
    expect(Object.keys(host.params).every((name) => rows.includes(name.split('/')[0]!))).toBe(true);
  });
});

describe('batch norm', () => {
  const layer = batchNorm('n', { momentum: 0.75, epsilon: 1e-3 });
  const x = tf.tidy(() => tf.add(tf.mul(tf.randomNormal([4, 3, 2, 3], 0, 1, 'float32', 5), 2), 1.5));
  const gamma = tf.tensor1d([0.5, 1.5, -1]);
  const beta = tf.tensor1d([0.1, 0.2, 0.3]);
  const stats = { mean: tf.tensor1d([1, 2, 3]), variance: tf.tensor1d([1, 1, 4]) };

  it('normalizes by the batch in training and by the running averages in inference', () => {
    const trained = layer.apply({ params: { gamma, beta }, stats }, x, context(true));
    const { mean, variance } = tf.moments(trained.output, [0, 1, 2]);
    mean.dataSync().forEach((value, i) => expect(value).toBeCloseTo([0.1, 0.2, 0.3][i]!, 5));
    variance.dataSync().forEach((value, i) => expect(value).toBeCloseTo([0.25, 2.25, 1][i]!, 2));
    const own = tf.moments(x, [0, 1, 2]);
    const expected = own.variance.dataSync().map((v, i) => 0.75 * [1, 1, 4][i]! + 0.25 * v * (24 / 23));
    trained.stats['variance']!.dataSync().forEach((v, i) => expect(v).toBeCloseTo(expected[i]!, 4));
    const inferred = layer.apply({ params: { gamma, beta }, stats }, x, context(false));
    expect(inferred.stats).toEqual({});
    const first = ((x.dataSync()[0]! - 1) / Math.sqrt(1.001)) * 0.5 + 0.1;
    expect(inferred.output.dataSync()[0]).toBeCloseTo(first, 5);
  });

  it('has the gradient that tfjs derives from the formula', () => {
    const target = tf.randomNormal(x.shape, 0, 1, 'float32', 6);
    const byFormula = (value: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor): tf.Tensor => {
      const mean = tf.mean(value, [0, 1, 2]);
      const centered = tf.sub(value, mean);
      const variance = tf.mean(tf.square(centered), [0, 1, 2]);
      return tf.add(tf.mul(tf.mul(centered, tf.rsqrt(tf.add(variance, 1e-3))), gamma), beta);
    };
    const byLayer = (value: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor): tf.Tensor =>
      layer.apply({ params: { gamma, beta }, stats }, value, context(true)).output;
    const gradients = (f: typeof byLayer): Record<string, tf.Tensor> =>
      valueAndGradients(
        ({ x, gamma, beta }) => ({
          loss: tf.mean<tf.Scalar>(tf.mul(tf.square(f(x!, gamma!, beta!)), target)),
        }),
        { x, gamma, beta },
      ).grads;
    const [mine, theirs] = [gradients(byLayer), gradients(byFormula)];
    for (const name of ['x', 'gamma', 'beta']) {
      const difference = tf.max(tf.abs(tf.sub(mine[name]!, theirs[name]!))).dataSync()[0]!;
      const scale = tf.max(tf.abs(theirs[name]!)).dataSync()[0]!;
      expect(difference / scale).toBeLessThan(2e-5);
    }
  });
});

import '@tensorflow/tfjs-backend-cpu';
import { mapTree, Rng, type Context, type HostTensor, type Tree } from '@anc/core';
import { inference } from '@anc/core/internal';
import { networkContract } from '@anc/testing';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { networkFromOnnx, type OnnxNetworkOptions } from '../../src/onnx-network/network.js';
import { classifier, drawn, floats, graphWith, integers, node } from './graphs.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const INPUT = [6, 6, 3];
const made = (graph = classifier(), options: Partial<OnnxNetworkOptions> = {}) =>
  networkFromOnnx(graph, { name: 'onnx', logits: 'logits', ...options });
const tensors = (tree: Tree<HostTensor>) =>
  mapTree(tree, ({ shape, data }) => tf.tensor(data as Float32Array, [...shape]));
const training: Context = {
  training: true,
  noise: (_name, shape) => tf.ones([...shape]),
  activation: (_name, x) => x,
};

function applied(network = made(), context: Context = inference, batch = 2) {
  const { params, stats } = network.init(Rng.fromSeed(1), INPUT);
  const x = tf.tensor(drawn('image', [batch, ...INPUT]).data, [batch, ...INPUT]);
  return { ...network.apply({ params: tensors(params), stats: tensors(stats) }, x, context), x };
}

describe('networkFromOnnx', () => {
  it('has the file’s weights under its names, with kernels as our layers store them', () => {
    const { params, stats } = made().init(Rng.fromSeed(1), INPUT);
    expect(mapTree({ ...params, ...stats }, ({ shape }) => shape)).toEqual({
      'conv/weights': [3, 3, 3, 5],
      'bn/gamma': [5],
      'bn/beta': [5],
      'bn/mean': [5],
      'bn/variance': [5],
      'fc/weights': [5, 4],
      'fc/bias': [4],
    });
    const kernel = classifier().constants.get('conv.weight')!.data; // [O, I, kh, kw]
    expect(params['conv/weights']!.data[5 * 3 + 2]).toBe(kernel[2 * 27 + 1]); // kw = 1, I = 0, O = 2
  });

  it('computes logits and features, and hands the features to the context', () => {
    const { outputs } = applied();
    expect([outputs.logits.shape, outputs.features.shape]).toEqual([
      [2, 4],
      [2, 5],
    ]);
    const silent: Context = {
      ...inference,
      activation: (name, x) => (name === 'features' ? tf.zerosLike(x) : x),
    };
    const bias = classifier().constants.get('fc.bias')!.data;
    expect(Array.from(applied(made(), silent).outputs.logits.dataSync().slice(0, 4))).toEqual(
      Array.from(bias),
    );
  });

  it('normalizes by the batch in training, and returns new running averages', () => {
    const { stats } = applied(made(), training);
    expect(Object.keys(stats)).toEqual(['bn/mean', 'bn/variance']);
    expect(stats['bn/mean']!.dataSync()[0]).not.toBeCloseTo(0.1, 5);
    expect(applied().stats).toEqual({});
  });

  it('counts parameters and FLOPs by layer', () => {
    expect(made().summary(INPUT)).toEqual([
      { name: 'conv', output: [6, 6, 5], parameters: 135, flops: 2 * 36 * 135 },
      { name: 'bn', output: [6, 6, 5], parameters: 10, flops: 0 },
      { name: 'fc', output: [4], parameters: 24, flops: 44 },
    ]);
  });

  it('replaces the last layer for another number of classes', () => {
    const network = made(classifier(), { classes: 7 });
    expect(network.replaced).toEqual(['fc/weights', 'fc/bias']);
    const { params } = network.init(Rng.fromSeed(1), INPUT);
    expect([params['fc/weights']!.shape, params['fc/bias']!.shape]).toEqual([[5, 7], [7]]);
    expect(Math.max(...params['fc/weights']!.data)).toBeGreaterThan(0);
    expect(applied(network).outputs.logits.shape).toEqual([2, 7]);
    expect(made(classifier(), { classes: 4 }).replaced).toEqual([]);
  });

  it('draws new weights by seed where only the architecture is wanted', () => {
    const network = made(classifier(), { init: 'fresh' });
    const [a, b] = [1, 1].map((seed) => network.init(Rng.fromSeed(seed), INPUT).params['conv/weights']!.data);
    expect(a).toEqual(b);
    expect(a).not.toEqual(made().init(Rng.fromSeed(1), INPUT).params['conv/weights']!.data);
    expect(network.init(Rng.fromSeed(1), INPUT).stats['bn/mean']!.data).toEqual(new Float32Array(5));
  });

  it('puts batch norm back after convolutions into which an export folded it', () => {
    const folded = graphWith({
      nodes: [
        node('Conv', ['image', 'onnx::Conv_11', 'onnx::Conv_12'], 'c'),
        node('GlobalAveragePool', ['c'], 'pool'),
        node('Flatten', ['pool'], 'flat'),
        node('Gemm', ['flat', 'fc.weight'], 'logits'),
      ].map((each) => (each.op === 'Conv' ? { ...each, name: '/layer1/layer1.0/conv1/Conv' } : each)),
      constants: {
        'onnx::Conv_11': drawn('conv', [5, 3, 1, 1]),
        'onnx::Conv_12': drawn('bias', [5]),
        'fc.weight': drawn('fc', [5, 4]),
      },
    });
    expect(Object.keys(made(folded).sources)).toEqual([
      'layer1/0/conv1/weights',
      'layer1/0/conv1/bias',
      'fc/weights',
    ]);
    const fresh = made(folded, { init: 'fresh' });
    expect(fresh.insertedNorms).toBe(1);
    expect(Object.keys(fresh.sources)).toEqual([
      'layer1/0/conv1/weights',
      'layer1/0/conv1/norm/gamma',
      'layer1/0/conv1/norm/beta',
      'layer1/0/conv1/norm/mean',
      'layer1/0/conv1/norm/variance',
      'fc/weights',
    ]);
    expect(Object.keys(applied(fresh, training).stats)).toHaveLength(2);
  });

  it('does not train the preprocessing before the first layer, nor numbers of the code', () => {
    const { nodes, constants } = classifier();
    const graph = classifier({
      nodes: [
        node('Sub', ['image', 'mean'], 'centered'),
        ...nodes.map((each) => ({
          ...each,
          inputs: each.inputs.map((name) => (name === 'image' ? 'centered' : name)),
        })),
        node('Mul', ['logits', 'scale'], 'scaled'),
      ],
      constants: {
        ...Object.fromEntries(constants),
        mean: floats([1, 2, 3], [1, 3, 1, 1]),
        scale: floats([2, 2, 2, 2]),
      },
      literals: ['scale'],
    });
    const keys = Object.keys(made(graph, { logits: 'scaled' }).sources);
    expect(keys).not.toContain('mean');
    expect(keys).not.toContain('scale');
  });

  it('drops out in training by the mask of the context', () => {
    const { nodes, constants } = classifier();
    const graph = classifier({
      nodes: [
        ...nodes.slice(0, -1),
        node('Dropout', ['flat', 'ratio'], 'dropped'),
        node('Gemm', ['dropped', 'fc.weight', 'fc.bias'], 'logits', { transB: 1 }),
      ],
      constants: { ...Object.fromEntries(constants), ratio: floats([0.5], []) },
    });
    const asked: string[] = [];
    const context: Context = {
      ...training,
      noise: (name, shape) => (asked.push(name), tf.zeros([...shape])),
    };
    const { outputs } = applied(made(graph, { features: 'flat' }), context);
    expect(asked).toEqual(['dropout/dropped']);
    expect(Array.from(outputs.logits.dataSync().slice(0, 4))).toEqual(
      Array.from(constants.get('fc.bias')!.data),
    );
  });

  it('takes any batch where the file was exported for one image', () => {
    const { nodes, constants } = classifier();
    const graph = classifier({
      nodes: nodes.map((each) => (each.op === 'Flatten' ? node('Reshape', ['pool', 'to'], 'flat') : each)),
      constants: { ...Object.fromEntries(constants), to: integers([1, 5]) },
      dims: [1, 3, 6, 6],
    });
    expect(applied(made(graph), inference, 3).outputs.logits.shape).toEqual([3, 4]);
    const open = classifier({
      nodes: graph.nodes,
      constants: { ...Object.fromEntries(constants), to: integers([1, -1]) },
      dims: [1, 3, 6, 6],
    });
    expect(applied(made(open), inference, 3).outputs.logits.shape).toEqual([3, 4]);
  });

  it('folds what is computed from shapes', () => {
    const { nodes, constants } = classifier();
    const graph = classifier({
      nodes: [
        ...nodes.slice(0, 4),
        node('Shape', ['pool'], 'shape'),
        node('Gather', ['shape', 'first'], 'batch'),
        node('Unsqueeze', ['batch', 'axes'], 'rows'),
        node('Concat', ['rows', 'rest'], 'to', { axis: 0 }),
        node('Reshape', ['pool', 'to'], 'flat'),
        nodes.at(-1)!,
      ],
      constants: {
        ...Object.fromEntries(constants),
        first: integers([0], []),
        axes: integers([0]),
        rest: integers([-1]),
      },
    });
    expect(applied(made(graph), inference, 5).outputs.logits.shape).toEqual([5, 4]);
  });

  it('has the gradient of finite differences by the image and a kernel', () => {
    const network = made();
    const { params, stats } = network.init(Rng.fromSeed(1), INPUT);
    const own = { params: tensors(params), stats: tensors(stats) };
    const x = tf.tensor(drawn('image', [1, ...INPUT]).data, [1, ...INPUT]);
    const loss = (image: tf.Tensor, kernel: tf.Tensor): tf.Scalar =>
      tf.sum(
        tf.square(
          network.apply({ ...own, params: { ...own.params, 'conv/weights': kernel } }, image, inference)
            .outputs.logits,
        ),
      );
    const kernel = own.params['conv/weights']!;
    const [byImage, byKernel] = tf.grads(loss)([x, kernel]);
    const h = 1e-2;
    const difference = (at: tf.Tensor, f: (moved: tf.Tensor) => tf.Scalar): number => {
      const step = tf.tensor(
        Float32Array.from({ length: at.size }, (_, i) => (i === 7 ? h : 0)),
        at.shape,
      );
      return (f(tf.add(at, step)).dataSync()[0]! - f(tf.sub(at, step)).dataSync()[0]!) / (2 * h);
    };
    expect(byImage!.dataSync()[7]).toBeCloseTo(
      difference(x, (moved) => loss(moved, kernel)),
      2,
    );
    expect(byKernel!.dataSync()[7]).toBeCloseTo(
      difference(kernel, (moved) => loss(x, moved)),
      2,
    );
  });

  it('leaves images as they lie: no transpose between layers', () => {
    const { nodes, constants } = classifier({});
    const graph = classifier({
      nodes: [
        node('Transpose', ['image'], 'nchw', { perm: [0, 3, 1, 2] }),
        ...nodes.map((each) => ({
          ...each,
          inputs: each.inputs.map((name) => (name === 'image' ? 'nchw' : name)),
        })),
      ],
      constants: Object.fromEntries(constants),
      dims: [null, 6, 6, 3],
    });
    const network = made(graph, { layout: 'nhwc' });
    let transposes = 0;
    const original = tf.getKernel('Transpose', 'cpu');
    tf.unregisterKernel('Transpose', 'cpu');
    tf.registerKernel({ ...original, kernelFunc: (call) => (transposes++, original.kernelFunc(call)) });
    expect(applied(network).outputs.logits.dataSync()).toEqual(applied(made()).outputs.logits.dataSync());
    expect(transposes).toBe(0);
  });
});

describe('what cannot be a network', () => {
  const refusal = (work: () => unknown): { code?: string; message: string } => {
    try {
      work();
    } catch (error) {
      return error as Error;
    }
    throw new Error('it was accepted');
  };

  it('names the node of an operator that is not supported, before anything is computed', () => {
    const { nodes, constants } = classifier();
    const graph = classifier({
      nodes: [...nodes, node('NonMaxSuppression', ['logits'], 'boxes')],
      constants: Object.fromEntries(constants),
    });
    expect(refusal(() => made(graph, { logits: 'boxes' }))).toMatchObject({
      code: 'ANC_ONNX_OPERATOR',
      message: expect.stringContaining('NonMaxSuppression (node "boxes")') as string,
    });
    expect(() => made(graph)).not.toThrow(); // beside the logits it does not matter
  });

  it('names the node of shapes that do not fit', () => {
    const { nodes, constants } = classifier();
    const graph = classifier({
      nodes: nodes.map((each) => (each.op === 'Flatten' ? node('Reshape', ['pool', 'to'], 'flat') : each)),
      constants: { ...Object.fromEntries(constants), to: integers([7, 11]) },
    });
    expect(refusal(() => made(graph).init(Rng.fromSeed(1), INPUT))).toMatchObject({
      code: 'ANC_ONNX_OPERATOR',
      message: expect.stringContaining('Reshape (node "flat")') as string,
    });
  });

  it.each([
    ['ConstantOfShape', { shape: integers([2 ** 20, 2 ** 20]) }],
    ['Expand', { x: floats([1], [1]), shape: integers([2 ** 20, 2 ** 20]) }],
    ['Tile', { x: floats([1], [1]), shape: integers([2 ** 40]) }],
    ['Range', { start: integers([0], []), limit: integers([2 ** 40], []), step: integers([1], []) }],
  ])('refuses sizes that would fill the memory: %s', (op, inputs) => {
    const { nodes, constants } = classifier();
    const graph = classifier({
      nodes: [...nodes, node(op, Object.keys(inputs), 'large'), node('Add', ['logits', 'large'], 'sum')],
      constants: { ...Object.fromEntries(constants), ...inputs },
    });
    expect(refusal(() => made(graph, { logits: 'sum' }).summary(INPUT))).toMatchObject({
      code: 'ANC_ONNX_OPERATOR',
    });
  });

  it('names a value that nothing computes', () => {
    const { nodes, constants } = classifier();
    const graph = classifier({ nodes: nodes.slice(1), constants: Object.fromEntries(constants) });
    expect(refusal(() => made(graph).summary(INPUT))).toMatchObject({ code: 'ANC_ONNX' });
  });

  it('cannot replace a last layer that is none', () => {
    const graph = graphWith({
      nodes: [node('GlobalAveragePool', ['image'], 'pool'), node('Flatten', ['pool'], 'logits')],
    });
    expect(refusal(() => made(graph, { classes: 5 }).summary(INPUT))).toMatchObject({
      code: 'ANC_MODEL_INPUT',
    });
  });
});

describe('as every network', () => {
  const fresh = () => made(classifier(), { init: 'fresh' });
  networkContract({ describe, it, expect }, fresh, { input: [6, 6, 3], classes: 4 });
});

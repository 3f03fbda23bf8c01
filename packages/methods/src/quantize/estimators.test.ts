import '@tensorflow/tfjs-backend-cpu';
import {
  dense,
  flatten,
  LayeredClassifier,
  mapTree,
  Rng,
  tap,
  valueAndGradients,
  type Context,
  type HostTensor,
} from '@anc/core';
import { toyStudent, toyTask } from '@anc/testing/toy';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { encodeCompact, decodeCompact } from './compact.js';
import { binaryConnect, binaryWeights, estimators, ttq, xnor } from './estimators.js';
import { quantized } from './quantized.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const incoming = tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2]);
const grads = (f: (tree: Record<string, Tensor>) => Tensor, tree: Record<string, Tensor>) =>
  mapTree(
    valueAndGradients((leaves) => ({ loss: tf.sum<Scalar>(tf.mul(f({ ...leaves }), incoming)) }), tree).grads,
    (grad) => [...grad.dataSync()],
  );

describe('ttq', () => {
  const w = tf.tensor2d([1, -0.5, 0.01, -0.02, 0.3, 0.04], [3, 2]); // Δ = 0.05
  const own = { positive: tf.scalar(2), negative: tf.scalar(3) };

  it('takes three values', () => {
    expect([...ttq().weights(w, own).dataSync()]).toEqual([2, -3, 0, 0, 2, 0]);
  });

  it('follows Eq. 7 and 8', () => {
    const found = grads(({ w: latent, ...rest }) => ttq().weights(latent!, rest), { w, ...own });
    expect(found).toEqual({ w: [2, 6, 3, 4, 10, 6], positive: [6], negative: [-2] });
  });

  it('starts from the mean size of what is kept', () => {
    const { positive, negative } = ttq().init({ shape: [3, 2], data: Float32Array.from(w.dataSync()) });
    expect(positive!.data[0]).toBeCloseTo(0.65, 5);
    expect(negative!.data[0]).toBeCloseTo(0.5, 5);
  });
});

describe('binary weights', () => {
  const w = tf.tensor2d([1.5, -0.5, 0.5, -0.1, 0, 0.3], [3, 2]);

  it('bwn scales signs by the mean size of a filter, with the gradient of the paper', () => {
    const value = [...binaryWeights().weights(w, {}).dataSync()];
    const [a, b] = [2 / 3, 0.3];
    value.forEach((v, i) => expect(v).toBeCloseTo([a, -b, a, -b, a, b][i]!, 5));
    const found = grads((tree) => binaryWeights().weights(tree.w!, {}), { w }).w!;
    const expected = [
      1 / 3,
      2 * (1 / 3 + b),
      3 * (1 / 3 + a),
      4 * (1 / 3 + b),
      5 * (1 / 3 + a),
      6 * (1 / 3 + b),
    ];
    found.forEach((g, i) => expect(g).toBeCloseTo(expected[i]!, 5));
  });

  it('binaryconnect hands the gradient through and keeps the latent weights within its values', () => {
    const h = Math.sqrt(6 / 5);
    expect([...binaryConnect().weights(w, {}).dataSync()].map((v) => Math.sign(v))).toEqual([
      1, -1, 1, -1, 1, 1,
    ]);
    expect(grads((tree) => binaryConnect().weights(tree.w!, {}), { w }).w).toEqual([1, 2, 3, 4, 5, 6]);
    expect(Math.max(...binaryConnect().project!(w).dataSync())).toBeCloseTo(h, 5);
  });

  it('xnor takes two values per image', () => {
    const x = tf.tensor2d([1, 3, 5, 0, 0, 6], [2, 3]);
    const quantizedInput = [...xnor().input!(x).dataSync()];
    [-4 / 3, 4 / 3, 4 / 3, -8 / 3, -8 / 3, 8 / 3].forEach((v, i) =>
      expect(quantizedInput[i]).toBeCloseTo(v, 4),
    );
  });
});

describe('a quantized network', () => {
  const plain = toyStudent();
  const context: Context = {
    training: false,
    noise: () => {
      throw new Error('no noise in this test');
    },
    activation: (_name, x) => x,
  };
  const input = toyTask.image;
  const toTensor = ({ shape, data }: HostTensor): Tensor =>
    tf.tensor(Float32Array.from(data), [...shape] as [number]);
  const x = tf.tensor(
    Float32Array.from({ length: 72 }, (_, i) => 128 + 127 * Math.sin(i)),
    [2, ...input],
  );

  it.each(Object.keys(estimators) as (keyof typeof estimators)[])(
    '%s covers its layers and stores compactly',
    (name) => {
      const network = quantized(plain, estimators[name]());
      const { params } = network.init(Rng.fromSeed(1), input);
      const all = ['conv1/weights', 'conv2/weights', 'hidden/weights', 'logits/weights'];
      const covered = network.covered(input);
      expect(covered).toEqual(name === 'binaryconnect' ? all : all.slice(1, -1));
      const variables = { params: mapTree(params, toTensor), stats: {} };
      const effective = network.effective(variables.params, input);
      const hosts = mapTree(effective, (leaf): HostTensor => ({
        shape: leaf.shape,
        data: leaf.dataSync(),
      }));
      const stored = decodeCompact(encodeCompact(hosts, covered));
      expect(Object.keys(stored).sort()).toEqual(
        Object.keys(plain.init(Rng.fromSeed(1), input).params).sort(),
      );
      const logits = (own: typeof variables, net = network as Parameters<typeof quantized>[0]) => [
        ...net.apply(own, x, context).outputs.logits.dataSync(),
      ];
      const fromStored = logits({ params: mapTree(stored, toTensor), stats: {} }, plain);
      if (name === 'xnor')
        expect(fromStored).not.toEqual(logits(variables)); // its inputs are binary too
      else expect(fromStored).toEqual(logits(variables));
    },
  );

  it('refuses a network without inner layers', () => {
    const tiny = new LayeredClassifier('tiny', 3, [
      flatten('flatten'),
      tap('features'),
      dense('logits', { units: 3 }),
    ]);
    expect(() => quantized(tiny, ttq()).init(Rng.fromSeed(1), input)).toThrow(/no layers for ttq/);
  });
});

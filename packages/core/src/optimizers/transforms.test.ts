import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { GradientTransform } from '../contracts/optimizer.js';
import { mapTree, type HostTensor } from '../tree/tree.js';
import { chain, masked, withSlots } from './chain.js';
import { inMask } from './name-mask.js';
import { optimizerOf } from './optimizer.js';
import {
  addDecayedWeights,
  clipByGlobalNorm,
  elementwise,
  scaleByLearningRate,
  scaleByLocalRate,
  scaleByTrustRatio,
  trace,
} from './transforms.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

type Numbers = Readonly<Record<string, readonly number[]>>;

const host = (values: Numbers): Record<string, HostTensor> =>
  mapTree(values, (data) => ({ shape: [data.length], data: Float32Array.from(data) }));
const device = (values: Record<string, HostTensor>): Record<string, tf.Tensor> =>
  mapTree(values, ({ shape, data }) => tf.tensor(Float32Array.from(data), [...shape]));
const numbers = (tree: Readonly<Record<string, tf.Tensor>>): Record<string, number[]> =>
  mapTree(tree, (tensor) => [...tensor.dataSync()]);

/** The first updates that a transform makes of gradients. */
function first(transform: GradientTransform, grads: Numbers, params: Numbers, rate = 1) {
  const slots = device(transform.init(host(params)));
  const context = { params: device(host(params)), learningRate: tf.scalar(rate) };
  return numbers(transform.update(device(host(grads)), slots, context).updates);
}

describe('clipByGlobalNorm', () => {
  const grads = { 'a/weights': [3, 0], 'b/bias': [4] };
  const params = { 'a/weights': [1, 1], 'b/bias': [1] };

  it('scales all tensors by one factor, so that their common norm is the limit', () => {
    const clipped = first(clipByGlobalNorm(1), grads, params);
    expect(clipped['a/weights']![0]).toBeCloseTo(0.6, 5);
    expect(clipped['b/bias']![0]).toBeCloseTo(0.8, 5);
  });

  it('leaves smaller gradients, and zeros, as they are', () => {
    expect(first(clipByGlobalNorm(6), grads, params)).toEqual({ 'a/weights': [3, 0], 'b/bias': [4] });
    expect(first(clipByGlobalNorm(1), {}, {})).toEqual({});
    const zero = { 'a/weights': [0, 0], 'b/bias': [0] };
    expect(first(clipByGlobalNorm(1), zero, params)).toEqual(zero);
  });
});

describe('layer-wise rates', () => {
  const params = { 'a/weights': [3, 4] };

  it("LAMB's gives each tensor the norm of its parameter, and leaves it where a norm is 0", () => {
    const scaled = first(scaleByTrustRatio(), { 'a/weights': [0, 0.5] }, params)['a/weights']!;
    expect(scaled[1]).toBeCloseTo(5, 5);
    expect(first(scaleByTrustRatio(), { 'a/weights': [1, 1] }, { 'a/weights': [0, 0] })).toEqual({
      'a/weights': [1, 1],
    });
    expect(first(scaleByTrustRatio(), { 'a/weights': [0, 0] }, params)).toEqual({ 'a/weights': [0, 0] });
  });

  it("LARS's is η‖w‖ / (‖g‖ + β‖w‖), of the gradient with decay", () => {
    const [x, y] = first(scaleByLocalRate({ trust: 0.01, decay: 0.1 }), { 'a/weights': [0, 2] }, params)[
      'a/weights'
    ]!;
    const rate = (0.01 * 5) / (2 + 0.1 * 5);
    expect(x).toBeCloseTo(rate * 0.3, 6);
    expect(y).toBeCloseTo(rate * 2.4, 6);
  });
});

describe('masked', () => {
  it.each([
    ['weights', { 'a/weights': true, 'a/bias': false, 'norm/gamma': false }],
    ['all', { 'a/weights': true, 'a/bias': true }],
    ['conv*', { 'conv1/bias': true, 'dense/weights': false }],
    ['weights,!logits/*', { 'conv1/weights': true, 'logits/weights': false, 'conv1/bias': false }],
    ['!*/bias,!norm*', { 'a/weights': true, 'a/bias': false, 'norm1/gamma': false }],
  ])('chooses by name: %s', (mask, names) => {
    for (const [name, chosen] of Object.entries(names)) expect(inMask(mask, name), name).toBe(chosen);
  });

  it('refuses an empty pattern', () => {
    expect(() => inMask('a,,b', 'a')).toThrow(expect.objectContaining({ code: 'ANC_OPTIONS' }) as Error);
  });

  it('transforms those parameters, has slots for those only, and leaves the others', () => {
    const params = { 'a/weights': [2], 'a/bias': [2] };
    const decay = masked('weights', addDecayedWeights(0.5));
    expect(first(decay, { 'a/weights': [1], 'a/bias': [1] }, params)).toEqual({
      'a/weights': [2],
      'a/bias': [1],
    });
    expect(Object.keys(masked('weights', trace(0.9)).init(host(params)))).toEqual(['velocity/a/weights']);
  });
});

describe('chain', () => {
  it('refuses two slots of one name, and says how to tell them apart', () => {
    const params = host({ 'a/weights': [1] });
    const twice = chain(trace(0.9), trace(0.5));
    expect(() => twice.init(params)).toThrow(expect.objectContaining({ code: 'ANC_OPTIMIZER' }) as Error);
    const apart = chain(trace(0.9), withSlots('second', trace(0.5)), scaleByLearningRate());
    expect(Object.keys(apart.init(params))).toEqual(['velocity/a/weights', 'second/velocity/a/weights']);
    expect(first(apart, { 'a/weights': [2] }, { 'a/weights': [1] }, 0.1)['a/weights']![0]).toBeCloseTo(
      0.2,
      6,
    );
  });
});

describe('optimizerOf', () => {
  const params = { 'a/weights': [1, 2] };
  const start = (optimizer: ReturnType<typeof optimizerOf>) => device(optimizer.init(host(params)));
  const step = (optimizer: ReturnType<typeof optimizerOf>, slots: Record<string, tf.Tensor>, w: number[]) =>
    optimizer.update(
      device(host({ 'a/weights': [1, 1] })),
      slots,
      device(host({ 'a/weights': w })),
      tf.scalar(0.5),
    );

  it('subtracts what the transform returns, and averages the results from the first one on', () => {
    const optimizer = optimizerOf(scaleByLearningRate(), { average: 0.9 });
    const one = step(optimizer, start(optimizer), [1, 2]);
    expect(numbers(one.params)).toEqual({ 'a/weights': [0.5, 1.5] });
    expect(numbers(one.slots)['average/a/weights']).toEqual([0.5, 1.5]);
    const two = step(optimizer, one.slots, [0.5, 1.5]);
    expect(numbers(two.slots)['average/a/weights']![0]).toBeCloseTo(0.9 * 0.5 + 0.1 * 0, 6);
    expect(numbers(two.slots)['average/a/weights']![1]).toBeCloseTo(0.9 * 1.5 + 0.1 * 1, 6);
    expect(Object.keys(two.slots).sort()).toEqual(Object.keys(optimizer.init(host(params))).sort());
  });

  it('keeps slots for the average apart from those of the transform', () => {
    const averaged = optimizerOf(chain(trace(0.5), scaleByLearningRate()), { average: 0.9 });
    expect(Object.keys(averaged.init(host(params))).sort()).toEqual([
      'average/a/weights',
      'averaging',
      'velocity/a/weights',
    ]);
    const one = step(averaged, start(averaged), [1, 2]);
    const two = step(averaged, one.slots, [0.5, 1.5]);
    expect(numbers(two.slots)['velocity/a/weights']).toEqual([1.5, 1.5]);
    const own = { 'average/x': tf.scalar(1), averaging: tf.scalar(2) };
    const plain = optimizerOf({
      id: 'own',
      init: () => ({}),
      update: (updates, slots) => ({ updates, slots }),
    });
    expect(Object.keys(step(plain, own, [1, 2]).slots)).toEqual(Object.keys(own));
  });

  it.each<[string, GradientTransform]>([
    ['a shape', elementwise('sums', (update) => tf.sum(update))],
    ['an update', { id: 'none', init: () => ({}), update: () => ({ updates: {}, slots: {} }) }],
    ['a slot', { ...trace(0.9), update: (updates) => ({ updates, slots: {} }) }],
    [
      'no slot',
      { ...trace(0.9), init: () => ({}), update: (u) => ({ updates: u, slots: { x: tf.scalar(1) } }) },
    ],
  ])('refuses a transform that changes %s', (what, transform) => {
    const optimizer = optimizerOf(transform);
    const other = what.includes('slot') ? 'other slots than' : 'other updates than';
    expect(() => step(optimizer, start(optimizer), [1, 2])).toThrow(
      expect.objectContaining({
        code: 'ANC_OPTIMIZER',
        message: expect.stringContaining(other) as string,
      }) as Error,
    );
  });
});

import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { mapTree, type HostTensor, type Tree } from '../tree/tree.js';
import { builtinOptimizers } from './builtin-optimizers.js';
import { builtinParts } from './builtin-parts.js';
import { adam as adamOptimizer, optimizerOf, sgd } from './optimizer.js';
import { scaleByRms } from './transforms.js';

beforeAll(() => tf.setBackend('cpu'));

const RATE = 0.1;
const START = { 'layer/weights': [3, -4], 'layer/bias': [2] };
const GRADIENTS = [
  { 'layer/weights': [0.3, -0.2], 'layer/bias': [1] },
  { 'layer/weights': [-1.2, 0.4], 'layer/bias': [-0.5] },
  { 'layer/weights': [0.7, 0.1], 'layer/bias': [0.25] },
];

/** Parameters after three steps on fixed gradients. */
function found(name: string, options: Record<string, unknown>): Record<string, number[]> {
  const host: Tree<HostTensor> = mapTree(START, (data) => ({
    shape: [data.length],
    data: Float32Array.from(data),
  }));
  const optimizer = optimizerOf(builtinParts.optimizer(name, options));
  const tensor = ({ data, shape }: HostTensor): tf.Tensor => tf.tensor(Float32Array.from(data), [...shape]);
  let params: Record<string, tf.Tensor> = mapTree(host, tensor);
  let slots: Record<string, tf.Tensor> = mapTree(optimizer.init(host), tensor);
  for (const grads of GRADIENTS) {
    const given = mapTree(grads, (values) => tf.tensor1d(values));
    ({ params, slots } = optimizer.update(given, slots, params, tf.scalar(RATE)));
  }
  return mapTree(params, (param) => [...param.dataSync()]);
}

type Memory = Record<string, number[]>;
/** The step that is subtracted from one tensor, of its gradient g and its values w; `kernel`: of `…/weights`. */
type Rule = (g: number[], w: number[], memory: Memory, t: number, kernel: boolean) => number[];

/** The same with plain numbers. */
function expected(rule: Rule): Record<string, number[]> {
  return mapTree(START, (start, name) => {
    let w = start;
    const memory: Memory = {};
    GRADIENTS.forEach((grads, t) => {
      const step = rule(grads[name as keyof typeof START], w, memory, t + 1, name === 'layer/weights');
      w = w.map((value, i) => value - step[i]!);
    });
    return w;
  });
}

const each = (a: readonly number[], f: (x: number, i: number) => number): number[] => a.map(f);
const norm = (a: readonly number[]): number => Math.hypot(...a);
const running = (memory: Memory, slot: string, rate: number, values: number[]): number[] =>
  (memory[slot] = each(values, (x, i) => rate * (memory[slot]?.[i] ?? 0) + (1 - rate) * x));
const summed = (memory: Memory, slot: string, rate: number, values: number[]): number[] =>
  (memory[slot] = each(values, (x, i) => rate * (memory[slot]?.[i] ?? 0) + x));
const plus = (u: number[], w: number[], rate: number): number[] => each(u, (x, i) => x + rate * w[i]!);
const times = (u: number[], factor: number): number[] => each(u, (x) => x * factor);

/** m̂ / (√v̂ + ε). */
const adam = (g: number[], memory: Memory, t: number, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8) => {
  const m = running(memory, 'm', beta1, g);
  const v = running(memory, 'v', beta2, square(g));
  return each(m, (x, i) => x / (1 - beta1 ** t) / (Math.sqrt(v[i]! / (1 - beta2 ** t)) + epsilon));
};
const trustRatio = (w: number[], u: number[]): number => norm(w) / norm(u);
const square = (g: number[]): number[] => each(g, (x) => x * x);

const D = 0.25;
const rules: [string, Record<string, unknown>, Rule][] = [
  ['sgd', {}, (g) => times(g, RATE)],
  ['sgd', { weightDecay: D }, (g, w, _m, _t, kernel) => times(plus(g, w, kernel ? D : 0), RATE)],
  ['sgd', { weightDecay: D, decayScope: 'all' }, (g, w) => times(plus(g, w, D), RATE)],
  ['momentum', {}, (g, _w, m) => times(summed(m, 'v', 0.9, g), RATE)],
  ['momentum', { momentum: 0 }, (g) => times(g, RATE)],
  [
    'momentum',
    { momentum: 0.5, weightDecay: D, decayMode: 'decoupled', decayScope: 'all' },
    (g, w, m) => times(plus(summed(m, 'v', 0.5, g), w, D), RATE),
  ],
  [
    'nesterov',
    { momentum: 0.5, weightDecay: D, decayScope: 'all' },
    (g, w, m) => {
      const u = plus(g, w, D);
      return times(plus(u, summed(m, 'v', 0.5, u), 0.5), RATE);
    },
  ],
  ['nesterov', { momentum: 0 }, (g) => times(g, RATE)],
  ['adam', {}, (g, _w, m, t) => times(adam(g, m, t), RATE)],
  [
    'adam',
    { beta1: 0.5, beta2: 0.75, epsilon: 0.1, weightDecay: D, decayScope: 'all' },
    (g, w, m, t) => times(plus(adam(g, m, t, 0.5, 0.75, 0.1), w, D), RATE),
  ],
  [
    'adam',
    { weightDecay: D, decayMode: 'l2', decayScope: 'all' },
    (g, w, m, t) => times(adam(plus(g, w, D), m, t), RATE),
  ],
  ['adamw', { weightDecay: D }, (g, w, m, t, kernel) => times(plus(adam(g, m, t), w, kernel ? D : 0), RATE)],
  [
    'rmsprop',
    {},
    (g, _w, m) => {
      const s = running(m, 's', 0.99, square(g));
      return each(g, (x, i) => (RATE * x) / (Math.sqrt(s[i]!) + 1e-8));
    },
  ],
  [
    'rmsprop',
    { alpha: 0.5, epsilon: 0.1, centered: true, rmsMomentum: 0.5, weightDecay: D, decayScope: 'all' },
    (g, w, m) => {
      const u = plus(g, w, D);
      const [s, mean] = [running(m, 's', 0.5, square(u)), running(m, 'mean', 0.5, u)];
      const scaled = each(u, (x, i) => x / (Math.sqrt(s[i]! - mean[i]! ** 2) + 0.1));
      return times(summed(m, 'v', 0.5, scaled), RATE);
    },
  ],
  [
    'adagrad',
    { epsilon: 0.1, weightDecay: D },
    (g, w, m, _t, kernel) => {
      const u = plus(g, w, kernel ? D : 0);
      const s = summed(m, 's', 1, square(u));
      return each(u, (x, i) => (RATE * x) / (Math.sqrt(s[i]!) + 0.1));
    },
  ],
  [
    'lamb',
    { beta1: 0.5, beta2: 0.75, epsilon: 0.1, weightDecay: D },
    (g, w, m, t, kernel) => {
      const u = plus(adam(g, m, t, 0.5, 0.75, 0.1), w, kernel ? D : 0);
      return times(u, RATE * (kernel ? trustRatio(w, u) : 1));
    },
  ],
  [
    'lamb',
    { trustScope: 'all' },
    (g, w, m, t) => {
      const u = adam(g, m, t, 0.9, 0.999, 1e-6);
      return times(u, RATE * trustRatio(w, u));
    },
  ],
  [
    'lars',
    { momentum: 0.5, trust: 0.01, weightDecay: D },
    (g, w, m, _t, kernel) => {
      const rate = (0.01 * norm(w)) / (norm(g) + D * norm(w));
      return summed(m, 'v', 0.5, times(kernel ? times(plus(g, w, D), rate) : g, RATE));
    },
  ],
  ['lars', { momentum: 0, trustScope: 'all' }, (g, w) => times(g, (RATE * 0.001 * norm(w)) / norm(g))],
];

describe('the optimizers', () => {
  it.each(rules)('%s %j equals its formula over three steps', (name, options, rule) => {
    const [is, should] = [found(name, options), expected(rule)];
    for (const key of Object.keys(START)) {
      is[key]!.forEach((value, i) => {
        expect(value, `${key}[${i}]`).toBeCloseTo(should[key]![i]!, 5);
      });
    }
  });

  it('have ids that tell every option apart, since a compiled step is kept by them', () => {
    const ids = rules.map(([name, options]) => builtinParts.optimizer(name, options).id);
    const same = ids.length - new Set(ids).size;
    expect(same).toBe(2); // momentum and nesterov with momentum 0 are sgd
  });

  it('have by default the transforms of their formula and no others', () => {
    const ids = Object.keys(builtinOptimizers).map((name) => [name, builtinParts.optimizer(name).id]);
    expect(Object.fromEntries(ids)).toEqual({
      sgd: 'learning-rate',
      momentum: 'trace(0.9, false) > learning-rate',
      nesterov: 'trace(0.9, true) > learning-rate',
      adam: 'adam(0.9, 0.999, 1e-8) > learning-rate',
      adamw: 'adam(0.9, 0.999, 1e-8) > learning-rate',
      rmsprop: 'rms(0.99, 1e-8, false) > learning-rate',
      adagrad: 'sum-of-squares(1e-10) > learning-rate',
      lamb: 'adam(0.9, 0.999, 0.000001) > trust-ratio of weights > learning-rate',
      lars: 'local-rate(0.001, 0) of weights > learning-rate > trace(0.9, false)',
    });
    const without = [
      builtinParts.optimizer('lars', { momentum: 0 }).id,
      scaleByRms().id,
      sgd().id,
      adamOptimizer().id,
    ];
    expect(without).toEqual([
      'local-rate(0.001, 0) of weights > learning-rate',
      'rms(0.99, 1e-8, false)',
      'learning-rate',
      'adam(0.9, 0.999, 1e-8) > learning-rate',
    ]);
  });

  it('refuse rates that are none', () => {
    const wrong: [string, object][] = [
      ['momentum', { momentum: 1 }],
      ['adam', { beta1: -0.1 }],
      ['adam', { beta2: 1 }],
      ['adam', { epsilon: 0 }],
      ['sgd', { weightDecay: -1 }],
      ['sgd', { decayMode: 'both' }],
      ['sgd', { decayScope: '' }],
      ['sgd', { momentum: 0.9 }],
      ['lars', { trust: 0 }],
      ['lamb', { trustScope: '' }],
    ];
    for (const [name, options] of wrong) {
      expect(() => builtinParts.optimizer(name, { ...options }), name).toThrow(
        expect.objectContaining({ code: 'ANC_OPTIONS' }) as Error,
      );
    }
  });

  it('have the defaults of their papers and of PyTorch, and a text for each option', () => {
    const decay = { weightDecay: 0, decayMode: 'auto', decayScope: 'weights' };
    const moments = { beta1: 0.9, beta2: 0.999 };
    const defaults: Record<string, object> = {
      sgd: decay,
      momentum: { momentum: 0.9, ...decay },
      nesterov: { momentum: 0.9, ...decay },
      adam: { ...moments, epsilon: 1e-8, ...decay },
      adamw: { ...moments, epsilon: 1e-8, weightDecay: 0, decayScope: 'weights' },
      rmsprop: { alpha: 0.99, epsilon: 1e-8, centered: false, rmsMomentum: 0, ...decay },
      adagrad: { epsilon: 1e-10, ...decay },
      lamb: { ...moments, epsilon: 1e-6, weightDecay: 0, decayScope: 'weights', trustScope: 'weights' },
      lars: { momentum: 0.9, trust: 0.001, weightDecay: 0, trustScope: 'weights' },
    };
    expect(Object.keys(builtinOptimizers)).toEqual(Object.keys(defaults));
    for (const [name, { options, summary }] of Object.entries(builtinOptimizers)) {
      const schema = options as z.ZodType;
      expect(schema.parse({}), name).toEqual(defaults[name]);
      expect(summary, name).not.toBe('');
      const { properties } = z.toJSONSchema(schema, { io: 'input' });
      for (const property of Object.values(properties!)) expect(property).toHaveProperty('description');
    }
  });
});

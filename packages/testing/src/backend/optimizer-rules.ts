import { adam, filled, mapTree, prefixTree, sgd, specOf, subtree } from '@anc/core';
import type { Backend, HostTensor, Optimizer, Step, Tree } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import { relativeError } from '../harness/compare.js';

const CURVATURE = [0.5, 2, 3, 1, 0.1];
const START = [1, -2, 0.5, 3, -1];
const RATES = [0.1, 0.05, 0.2, 0.1, 0.01];
const DECAY = 0.01;

/** The weights after one update per learning rate. */
type UpdateRule = (rates: readonly number[]) => number[];

/** The update rule of each weight in float64; `g` is the gradient of curvature · w² / 2. */
function rule(
  update: (w: number, g: number, rate: number, slots: { m: number; v: number; t: number }) => number,
): UpdateRule {
  return (rates) =>
    START.map((start, i) => {
      const slots = { m: 0, v: 0, t: 0 };
      return rates.reduce((w, rate) => {
        slots.t++;
        return update(w, CURVATURE[i]! * w, rate, slots);
      }, start);
    });
}

const adamStep = (g: number, slots: { m: number; v: number; t: number }): number => {
  slots.m = 0.9 * slots.m + 0.1 * g;
  slots.v = 0.999 * slots.v + 0.001 * g * g;
  return slots.m / (1 - 0.9 ** slots.t) / (Math.sqrt(slots.v / (1 - 0.999 ** slots.t)) + 1e-8);
};

const decay = (mode: 'l2' | 'decoupled') => ({ rate: DECAY, mode, scope: 'all' }) as const;

/** Every optimizer and its rule in plain float64. */
export const optimizerRules: readonly (readonly [name: string, optimizer: Optimizer, rule: UpdateRule])[] = [
  ['gradient descent', sgd(), rule((w, g, rate) => w - rate * g)],
  [
    'momentum with L2 decay',
    sgd({ momentum: 0.9, decay: decay('l2') }),
    rule((w, g, rate, slots) => w - rate * (slots.v = 0.9 * slots.v + g + DECAY * w)),
  ],
  [
    'Nesterov momentum',
    sgd({ momentum: 0.9, nesterov: true }),
    rule((w, g, rate, slots) => {
      slots.v = 0.9 * slots.v + g;
      return w - rate * (g + 0.9 * slots.v);
    }),
  ],
  ['Adam', adam(), rule((w, g, rate, slots) => w - rate * adamStep(g, slots))],
  [
    'Adam with decoupled decay',
    adam({ decay: decay('decoupled') }),
    rule((w, g, rate, slots) => w - rate * (adamStep(g, slots) + DECAY * w)),
  ],
];

/** Relative error of the weights after a few updates with different learning rates. */
export async function checkOptimizer(
  backend: Backend,
  optimizer: Optimizer,
  expected: UpdateRule,
): Promise<number> {
  const params: Tree<HostTensor> = { 'layer/weights': { shape: [5], data: Float32Array.from(START) } };
  const state = { ...prefixTree('params', params), ...prefixTree('slots', optimizer.init(params)) };
  const step: Step = {
    id: `contract: ${optimizer.id}`,
    phases: [
      {
        name: 'descend',
        gradients: (current, batch) => ({
          grads: mapTree(subtree(current, 'params'), (w) => tf.mul(w, batch.curvature!)),
          stats: {},
          metrics: {},
        }),
        update(current, grads, hyper) {
          const updated = optimizer.update(
            grads,
            subtree(current, 'slots'),
            subtree(current, 'params'),
            hyper.rate!,
          );
          return { ...prefixTree('params', updated.params), ...prefixTree('slots', updated.slots) };
        },
      },
    ],
  };
  const batch = { curvature: { ...filled([5]), data: Float32Array.from(CURVATURE) } };
  const compiled = await backend.compile(step, {
    state: mapTree(state, specOf),
    batch: mapTree(batch, specOf),
    hyper: ['rate'],
  });
  const device = await backend.upload(state);
  for (const [i, rate] of RATES.entries()) {
    await compiled.run(device, { batch, hyper: { rate }, noise: { seed: 0, step: i } });
  }
  const trained = await device.read(['params/layer/weights']);
  await compiled.dispose();
  await device.dispose();
  return relativeError(trained['params/layer/weights']!, { data: expected(RATES) });
}

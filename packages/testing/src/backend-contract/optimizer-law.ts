import { adam, filled, mapTree, prefixTree, sgd, specOf, subtree } from '@anc/core';
import type { Backend, HostTensor, Optimizer, Step, Tree } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import { relativeError } from './measure.js';

const CURVATURE = [0.5, 2, 3, 1, 0.1];
const START = [1, -2, 0.5, 3, -1];
const RATES = [0.1, 0.05, 0.2, 0.1, 0.01];
const DECAY = 0.01;

type Law = (rates: readonly number[]) => number[];

/** The update rule of one weight in float64; `g` is the gradient of curvature · w² / 2. */
function law(
  update: (w: number, g: number, rate: number, slots: { m: number; v: number; t: number }) => number,
): Law {
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

/** Every optimiser beside its rule in plain float64. */
export const optimizerLaws: readonly (readonly [name: string, optimizer: Optimizer, law: Law])[] = [
  ['gradient descent', sgd(), law((w, g, rate) => w - rate * g)],
  [
    'momentum with L2 decay',
    sgd({ momentum: 0.9, decay: decay('l2') }),
    law((w, g, rate, slots) => w - rate * (slots.v = 0.9 * slots.v + g + DECAY * w)),
  ],
  [
    'Nesterov momentum',
    sgd({ momentum: 0.9, nesterov: true }),
    law((w, g, rate, slots) => {
      slots.v = 0.9 * slots.v + g;
      return w - rate * (g + 0.9 * slots.v);
    }),
  ],
  ['Adam', adam(), law((w, g, rate, slots) => w - rate * adamStep(g, slots))],
  [
    'Adam with decoupled decay',
    adam({ decay: decay('decoupled') }),
    law((w, g, rate, slots) => w - rate * (adamStep(g, slots) + DECAY * w)),
  ],
];

/** Relative error of the weights after a few updates with a changing rate. */
export async function checkOptimizer(backend: Backend, optimizer: Optimizer, expected: Law): Promise<number> {
  const params: Tree<HostTensor> = { 'layer/weights': { shape: [5], data: Float32Array.from(START) } };
  const state = { ...prefixTree('params', params), ...prefixTree('slots', optimizer.init(params)) };
  const step: Step = {
    id: `contract: ${optimizer.id}`,
    phases: [
      {
        name: 'descend',
        gradients: (held, batch) => ({
          grads: mapTree(subtree(held, 'params'), (w) => tf.mul(w, batch.curvature!)),
          stats: {},
          metrics: {},
        }),
        update(held, grads, hyper) {
          const updated = optimizer.update(
            grads,
            subtree(held, 'slots'),
            subtree(held, 'params'),
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
  const held = await backend.upload(state);
  for (const [i, rate] of RATES.entries()) {
    await compiled.run(held, { batch, hyper: { rate }, noise: { seed: 0, step: i } });
  }
  const found = await held.read(['params/layer/weights']);
  await compiled.dispose();
  await held.dispose();
  return relativeError(found['params/layer/weights']!, { data: expected(RATES) });
}

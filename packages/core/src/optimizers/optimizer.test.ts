import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { mapTree, type HostTensor } from '../tree/tree.js';
import { adam, sgd, type Optimizer } from './optimizer.js';
import { rateAt } from './schedule.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

/** Runs an optimiser on fixed gradients; returns the parameters after each step. */
function follow(optimizer: Optimizer, start: number[], grads: number[][], rate: number): number[][] {
  const name = 'layer/weights';
  const host: HostTensor = { shape: [start.length], data: Float32Array.from(start) };
  let params: Record<string, tf.Tensor> = { [name]: tf.tensor1d(start) };
  let slots: Record<string, tf.Tensor> = mapTree(optimizer.init({ [name]: host }), ({ data, shape }) =>
    tf.tensor(Float32Array.from(data), [...shape]),
  );
  return grads.map((grad) => {
    const updated = optimizer.update({ [name]: tf.tensor1d(grad) }, slots, params, tf.scalar(rate));
    ({ params, slots } = updated);
    return [...params[name]!.dataSync()];
  });
}

describe('sgd', () => {
  it('adds up momentum: v = m v + g, w -= lr v', () => {
    const [first, second] = follow(sgd({ momentum: 0.9 }), [1], [[2], [3]], 0.1);
    expect(first![0]).toBeCloseTo(1 - 0.1 * 2, 6);
    expect(second![0]).toBeCloseTo(1 - 0.1 * 2 - 0.1 * (0.9 * 2 + 3), 6);
  });

  it('looks ahead with Nesterov: w -= lr (g + m v)', () => {
    const [first] = follow(sgd({ momentum: 0.9, nesterov: true }), [1], [[2]], 0.1);
    expect(first![0]).toBeCloseTo(1 - 0.1 * (2 + 0.9 * 2), 6);
  });

  it('puts L2 decay into the gradient, so momentum carries it', () => {
    const decay = { rate: 0.5, mode: 'l2', scope: 'weights' } as const;
    const [first] = follow(sgd({ momentum: 0.9, decay }), [4], [[0]], 0.1);
    expect(first![0]).toBeCloseTo(4 - 0.1 * 0.5 * 4, 6);
  });

  it('leaves biases alone unless told otherwise', () => {
    const decay = { rate: 0.5, mode: 'l2', scope: 'weights' } as const;
    const bias = { 'layer/bias': tf.tensor1d([4]) };
    const zero = { 'layer/bias': tf.tensor1d([0]) };
    const kept = sgd({ decay }).update(zero, {}, bias, tf.scalar(0.1)).params['layer/bias']!;
    const shrunk = sgd({ decay: { ...decay, scope: 'all' } }).update(zero, {}, bias, tf.scalar(0.1));
    expect(kept.dataSync()[0]).toBe(4);
    expect(shrunk.params['layer/bias']!.dataSync()[0]).toBeCloseTo(3.8, 6);
  });
});

describe('adam', () => {
  it('follows the bias-corrected recurrence', () => {
    const grads = [[0.3], [-1.2], [0.7]];
    const found = follow(adam(), [1], grads, 0.01);
    let [w, m, v] = [1, 0, 0];
    grads.forEach(([g], t) => {
      m = 0.9 * m + 0.1 * g!;
      v = 0.999 * v + 0.001 * g! * g!;
      const step = m / (1 - 0.9 ** (t + 1)) / (Math.sqrt(v / (1 - 0.999 ** (t + 1))) + 1e-8);
      w -= 0.01 * step;
      expect(found[t]![0]).toBeCloseTo(w, 5);
    });
  });

  it('takes decoupled decay off the weights, not through the moments', () => {
    const decay = { rate: 0.5, mode: 'decoupled', scope: 'weights' } as const;
    const [first] = follow(adam({ decay }), [4], [[0]], 0.1);
    expect(first![0]).toBeCloseTo(4 - 0.1 * 0.5 * 4, 5);
  });
});

describe('rateAt', () => {
  const clock = (step: number) => ({ step, epochs: 10, stepsPerEpoch: 10 });

  it('drops at milestones given in iterations or as a share', () => {
    const steps = { kind: 'step', milestones: [50], unit: 'iterations', factor: 0.1 } as const;
    expect([rateAt(steps, clock(49)), rateAt(steps, clock(50))]).toEqual([1, 0.1]);
    const share = { ...steps, milestones: [0.25, 0.5], unit: 'share' } as const;
    expect(rateAt(share, clock(50))).toBeCloseTo(0.01, 10);
  });

  it('falls along half a cosine after a linear warm-up', () => {
    const cosine = { kind: 'cosine', warmup: 0.1 } as const;
    expect(rateAt(cosine, clock(0))).toBeLessThan(rateAt(cosine, clock(5)));
    expect(rateAt(cosine, clock(10))).toBe(1);
    expect(rateAt(cosine, clock(55))).toBeCloseTo(0.5, 6);
    expect(rateAt(cosine, clock(99))).toBeLessThan(0.01);
  });
});

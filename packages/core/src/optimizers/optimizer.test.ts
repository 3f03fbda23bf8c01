import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { mapTree, type HostTensor } from '../tree/tree.js';
import { adam, sgd, type Optimizer } from './optimizer.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

/** Runs an optimizer on fixed gradients; returns the parameters after each step. */
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
  it('accumulates momentum: v = m v + g, w -= lr v', () => {
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

  it('leaves biases alone unless the scope is all', () => {
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

  it('subtracts decoupled decay from the weights, not through the moments', () => {
    const decay = { rate: 0.5, mode: 'decoupled', scope: 'weights' } as const;
    const [first] = follow(adam({ decay }), [4], [[0]], 0.1);
    expect(first![0]).toBeCloseTo(4 - 0.1 * 0.5 * 4, 5);
  });
});

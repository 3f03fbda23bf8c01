import { Rng, valueAndGradients, type Regularizer, type RegularizerContext, type Tree } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { wrongGradients } from './finite-differences.js';
import type { NetworkContractRunner } from './network-contract.js';
import { untraceableIn } from './untraceable.js';

export interface RegularizerContractOptions {
  /** Whether one small step against its gradient, alone, must lower it. False for those that do nothing. */
  readonly active?: boolean;
  /** A tfjs backend that is registered. */
  readonly backend?: string;
}

const BATCH = 6;
const WIDTH = 5;
const HIDDEN = 4;

const gaussian = (name: string, shape: readonly number[]): Tensor => {
  const rng = Rng.fromSeed(3).split(name);
  const size = shape.reduce((product, axis) => product * axis, 1);
  return tf.tensor(
    Float32Array.from({ length: size }, () => rng.normal()),
    [...shape] as [number],
  );
};

/** A small D with smooth units, so that slopes can be measured. x: [B, 5] -> [B, 1]. */
const discriminate = (params: Tree, x: Tensor): Tensor => {
  const hidden = tf.tanh(tf.add(tf.matMul(x, params['hidden/weights']!), params['hidden/bias']!));
  return tf.add(tf.matMul(hidden, params['output/weights']!), params['output/bias']!);
};

/** What the regularizer sees; `order` permutes the batch. */
function viewOf(params: Tree, order: readonly number[]): RegularizerContext {
  const rows = (name: string): Tensor =>
    tf.gather(gaussian(name, [BATCH, WIDTH]), tf.tensor1d([...order], 'int32'));
  const [teacher, student, dropped] = [rows('teacher'), rows('student'), rows('dropped')];
  return {
    params,
    teacher,
    student,
    dropped,
    onTeacher: discriminate(params, teacher),
    onStudent: discriminate(params, student),
    discriminate: (x) => discriminate(params, x),
  };
}

const forwards = Array.from({ length: BATCH }, (_, i) => i);

/**
 * A regularizer proves itself: one finite scalar that is the same for any order of the batch, gradients that are its
 * slopes, a step against them that lowers it, and nothing that a recorded graph could not do.
 *
 * `create` is called anew for every test. A tfjs backend must be registered by the caller.
 */
export function regularizerContract(
  { describe, it, expect }: NetworkContractRunner,
  create: () => Regularizer,
  { active = true, backend = 'cpu' }: RegularizerContractOptions = {},
): void {
  const within = (name: string, body: (regularizer: Regularizer, params: Tree) => void): void =>
    it(name, async () => {
      await tf.setBackend(backend);
      tf.tidy(() =>
        body(create(), {
          'hidden/weights': gaussian('w1', [WIDTH, HIDDEN]),
          'hidden/bias': gaussian('b1', [HIDDEN]),
          'output/weights': gaussian('w2', [HIDDEN, 1]),
          'output/bias': gaussian('b2', [1]),
        }),
      );
    });
  const penalty = (regularizer: Regularizer, params: Tree, order: readonly number[] = forwards): Scalar =>
    regularizer.penalty(viewOf(params, order));
  const valueOf = (regularizer: Regularizer, params: Tree, order?: readonly number[]): number =>
    penalty(regularizer, params, order).dataSync()[0]!;
  const gradientsOf = (regularizer: Regularizer, params: Tree): Tree =>
    valueAndGradients(
      // the sum keeps every parameter in sight of those that look at none
      (trained) => ({
        loss: tf.add<Scalar>(penalty(regularizer, trained), tf.mul(0, tf.sum(trained['output/bias']!))),
      }),
      params,
    ).grads;

  describe('regularizer contract', () => {
    within('gives one finite scalar, the same each time', (regularizer, params) => {
      const value = penalty(regularizer, params);
      expect(value.size).toBe(1);
      expect(Number.isFinite(value.dataSync()[0]!)).toBe(true);
      expect(valueOf(regularizer, params)).toBe(value.dataSync()[0]!);
      expect(regularizer.name.length).toBeGreaterThan(0);
    });

    within('does not depend on the order of the batch', (regularizer, params) => {
      const one = valueOf(regularizer, params);
      const difference = Math.abs(one - valueOf(regularizer, params, [...forwards].reverse()));
      expect(difference).toBeLessThan(1e-4 * Math.max(1, Math.abs(one)));
    });

    within('has its slopes as gradients', (regularizer, params) => {
      const slope = (tree: Tree): number => valueOf(regularizer, tree);
      expect(wrongGradients(slope, params, gradientsOf(regularizer, params))).toEqual([]);
    });

    within(
      active ? 'is lowered by a step against its gradient' : 'changes nothing',
      (regularizer, params) => {
        const grads = gradientsOf(regularizer, params);
        const stepped = Object.fromEntries(
          Object.entries(params).map(([name, p]) => [name, tf.sub(p, tf.mul(grads[name]!, 1e-3))]),
        );
        const change = valueOf(regularizer, stepped) - valueOf(regularizer, params);
        if (active) expect(change).toBeLessThan(0);
        else expect(change).toBe(0);
      },
    );

    within('does nothing that a recorded graph could not', (regularizer, params) => {
      expect(untraceableIn(() => gradientsOf(regularizer, params))).toEqual([]);
    });
  });
}

import { valueAndGradients, type Regularizer, type RegularizerContext, type Tree } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import type { ContractRunner } from '../harness/contract-runner.js';
import { wrongGradients } from '../harness/finite-differences.js';
import { gaussian } from '../harness/tensors.js';
import { untraceableIn } from '../harness/untraceable.js';

export interface RegularizerContractOptions {
  /** Whether a small gradient step must lower the penalty; false for regularizers without effect. Default: true. */
  readonly active?: boolean;
  /** A registered tfjs backend; `cpu` by default. */
  readonly backend?: string;
}

const SEED = 3;
const BATCH = 6;
const WIDTH = 5;
const HIDDEN = 4;

/** A small discriminator with smooth units, so that finite differences are accurate. x: [B, 5] -> [B, 1]. */
const discriminate = (params: Tree, x: Tensor): Tensor => {
  const hidden = tf.tanh(tf.add(tf.matMul(x, params['hidden/weights']!), params['hidden/bias']!));
  return tf.add(tf.matMul(hidden, params['output/weights']!), params['output/bias']!);
};

/** The regularizer's argument; `order` permutes the batch. */
function regularizerContext(params: Tree, order: readonly number[]): RegularizerContext {
  const rows = (name: string): Tensor =>
    tf.gather(gaussian(SEED, name, [BATCH, WIDTH]), tf.tensor1d([...order], 'int32'));
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
 * Contract of a regularizer: one finite scalar that is the same for any order of the batch; gradients that agree with
 * finite differences; a gradient step lowers it; and no operation that a recorded graph cannot repeat.
 *
 * `create` is called for every test. The tfjs backend must be registered by the caller.
 */
export function regularizerContract(
  { describe, it, expect }: ContractRunner,
  create: () => Regularizer,
  { active = true, backend = 'cpu' }: RegularizerContractOptions = {},
): void {
  const test = (name: string, body: (regularizer: Regularizer, params: Tree) => void): void =>
    it(name, async () => {
      await tf.setBackend(backend);
      tf.tidy(() =>
        body(create(), {
          'hidden/weights': gaussian(SEED, 'w1', [WIDTH, HIDDEN]),
          'hidden/bias': gaussian(SEED, 'b1', [HIDDEN]),
          'output/weights': gaussian(SEED, 'w2', [HIDDEN, 1]),
          'output/bias': gaussian(SEED, 'b2', [1]),
        }),
      );
    });
  const penalty = (regularizer: Regularizer, params: Tree, order: readonly number[] = forwards): Scalar =>
    regularizer.penalty(regularizerContext(params, order));
  const valueOf = (regularizer: Regularizer, params: Tree, order?: readonly number[]): number =>
    penalty(regularizer, params, order).dataSync()[0]!;
  const gradientsOf = (regularizer: Regularizer, params: Tree): Tree =>
    valueAndGradients(
      // adding zero times a parameter makes this differentiable for penalties that use no parameter
      (trained) => ({
        loss: tf.add<Scalar>(penalty(regularizer, trained), tf.mul(0, tf.sum(trained['output/bias']!))),
      }),
      params,
    ).grads;

  describe('regularizer contract', () => {
    test('returns one finite scalar, the same each time', (regularizer, params) => {
      const value = penalty(regularizer, params);
      expect(value.size).toBe(1);
      expect(Number.isFinite(value.dataSync()[0]!)).toBe(true);
      expect(valueOf(regularizer, params)).toBe(value.dataSync()[0]!);
      expect(regularizer.name.length).toBeGreaterThan(0);
    });

    test('does not depend on the order of the batch', (regularizer, params) => {
      const one = valueOf(regularizer, params);
      const difference = Math.abs(one - valueOf(regularizer, params, [...forwards].reverse()));
      expect(difference).toBeLessThan(1e-4 * Math.max(1, Math.abs(one)));
    });

    test('has gradients that agree with finite differences', (regularizer, params) => {
      const value = (tree: Tree): number => valueOf(regularizer, tree);
      expect(wrongGradients(value, params, gradientsOf(regularizer, params))).toEqual([]);
    });

    test(
      active ? 'is lowered by a gradient step' : 'is not changed by a gradient step',
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

    test('can be recorded as a graph', (regularizer, params) => {
      expect(untraceableIn(() => gradientsOf(regularizer, params))).toEqual([]);
    });
  });
}

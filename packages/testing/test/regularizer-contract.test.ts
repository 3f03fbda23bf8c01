import '@tensorflow/tfjs-backend-cpu';
import { Regularizer, type RegularizerContext } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { regularizerContract } from '../src/index.js';
import { failuresOf } from './collect.js';

const squared = ({ params }: RegularizerContext): Scalar =>
  Object.values(params)
    .map((param) => tf.sum<Scalar>(tf.square(param)))
    .reduce((sum, term) => tf.add(sum, term));

class GivenRegularizer extends Regularizer {
  readonly name = 'given';

  constructor(readonly compute: (context: RegularizerContext) => Scalar) {
    super();
  }

  penalty(context: RegularizerContext): Scalar {
    return this.compute(context);
  }
}

const failures = async (compute: (context: RegularizerContext) => Scalar, active = true): Promise<string[]> =>
  (
    await failuresOf((runner) => regularizerContract(runner, () => new GivenRegularizer(compute), { active }))
  ).map((name) => name.replace('regularizer contract > ', ''));

/** The identity with `factor` times its gradient. */
const scaledGradient =
  (factor: number) =>
  (x: Scalar): Scalar =>
    tf.customGrad((value) => ({
      value: tf.clone(value as Scalar),
      gradFunc: (dy: Scalar) => [tf.mul(dy, factor)],
    }))(x);
const doubled = scaledGradient(2);
const negated = scaledGradient(-1);

let calls = 0;
/** Forbidden by the lint rules; the contract must find it. */
const unseeded = (): number => (Math as { random: () => number }).random();

const faults: readonly (readonly [fault: string, check: string, (context: RegularizerContext) => Scalar])[] =
  [
    [
      'is a vector',
      'returns one finite scalar, the same each time',
      ({ onStudent }) => tf.sum<Scalar>(onStudent, 1),
    ],
    [
      'is infinite',
      'returns one finite scalar, the same each time',
      (context) => tf.div(squared(context), 0),
    ],
    [
      'changes from call to call',
      'returns one finite scalar, the same each time',
      (context) => tf.add(squared(context), ++calls),
    ],
    [
      'uses the first sample only',
      'does not depend on the order of the batch',
      ({ onStudent }) => tf.sum(tf.square(tf.slice(onStudent, 0, 1))),
    ],
    [
      'has wrong gradients',
      'has gradients that agree with finite differences',
      (context) => doubled(squared(context)),
    ],
    ['increases the weights', 'is lowered by a gradient step', (context) => negated(squared(context))],
    [
      'reads its value',
      'can be recorded as a graph',
      (context) => tf.add(squared(context), squared(context).dataSync()[0]! > 0 ? 0 : 1),
    ],
    [
      'draws unseeded random numbers',
      'can be recorded as a graph',
      (context) => tf.add(squared(context), 0 * unseeded()),
    ],
  ];

describe('a regularizer', () => {
  it('that is correct passes', async () => {
    expect(await failures(squared)).toEqual([]);
    expect(await failures(({ params }) => tf.mul(0, tf.sum<Scalar>(params['output/bias']!)), false)).toEqual(
      [],
    );
  });

  it.each(faults)('that %s is caught: %s', async (_, check, compute) => {
    expect(await failures(compute)).toContain(check);
  });

  it('that should have no effect and has one is caught', async () => {
    expect(await failures(squared, false)).toEqual(['is not changed by a gradient step']);
  });
});

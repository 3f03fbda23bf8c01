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

class Given extends Regularizer {
  readonly name = 'given';

  constructor(readonly of: (view: RegularizerContext) => Scalar) {
    super();
  }

  penalty(view: RegularizerContext): Scalar {
    return this.of(view);
  }
}

const caught = async (of: (view: RegularizerContext) => Scalar, active = true): Promise<string[]> =>
  (await failuresOf((runner) => regularizerContract(runner, () => new Given(of), { active }))).map((name) =>
    name.replace('regularizer contract > ', ''),
  );

/** Its value with `factor` times its gradient. */
const sloped =
  (factor: number) =>
  (x: Scalar): Scalar =>
    tf.customGrad((value) => ({
      value: tf.clone(value as Scalar),
      gradFunc: (dy: Scalar) => [tf.mul(dy, factor)],
    }))(x);
const doubled = sloped(2);
const wrongWay = sloped(-1);

let calls = 0;
/** What the rules of this house forbid, and the contract must see. */
const lots = (): number => (Math as { random: () => number }).random();

const faults: readonly (readonly [fault: string, check: string, (view: RegularizerContext) => Scalar])[] = [
  [
    'is a vector',
    'gives one finite scalar, the same each time',
    ({ onStudent }) => tf.sum<Scalar>(onStudent, 1),
  ],
  ['is infinite', 'gives one finite scalar, the same each time', (view) => tf.div(squared(view), 0)],
  [
    'changes from call to call',
    'gives one finite scalar, the same each time',
    (view) => tf.add(squared(view), ++calls),
  ],
  [
    'looks at the first sample alone',
    'does not depend on the order of the batch',
    ({ onStudent }) => tf.sum(tf.square(tf.slice(onStudent, 0, 1))),
  ],
  ['has a gradient of its own', 'has its slopes as gradients', (view) => doubled(squared(view))],
  ['pushes the weights up', 'is lowered by a step against its gradient', (view) => wrongWay(squared(view))],
  [
    'reads its value',
    'does nothing that a recorded graph could not',
    (view) => tf.add(squared(view), squared(view).dataSync()[0]! > 0 ? 0 : 1),
  ],
  ['draws lots', 'does nothing that a recorded graph could not', (view) => tf.add(squared(view), 0 * lots())],
];

describe('a regularizer', () => {
  it('that is sound is not accused', async () => {
    expect(await caught(squared)).toEqual([]);
    expect(await caught(({ params }) => tf.mul(0, tf.sum<Scalar>(params['output/bias']!)), false)).toEqual(
      [],
    );
  });

  it.each(faults)('that %s is caught: %s', async (_, check, of) => {
    expect(await caught(of)).toContain(check);
  });

  it('that should do nothing and does something is caught', async () => {
    expect(await caught(squared, false)).toEqual(['changes nothing']);
  });
});

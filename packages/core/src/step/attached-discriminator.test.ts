import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  attached,
  toyAdapter,
  toyBatch,
  toyContext,
  toyState,
  ToyDiscriminator,
  sigmoid,
} from '../../test/toy-models.js';
import {
  adapterOf,
  applyDiscriminator,
  classCrossEntropy,
  conditionFrom,
  discriminatorInputOf,
  discriminatorVariables,
  dropoutMaskName,
  meanOf,
  perSample,
  probability,
} from './attached-discriminator.js';

beforeAll(() => tf.setBackend('cpu'));

const values = (x: tf.Tensor): number[] => [...x.dataSync()];
const outputs = () => ({ features: tf.tensor2d([1, 1, 3, 5], [2, 2]), logits: tf.zeros([2, 2]) });

describe('an attached discriminator', () => {
  it('has names for its adapter and its dropout mask', () => {
    const named = attached({ name: 'discriminator-logits' });
    expect(adapterOf(named)).toBe('discriminator-logits-adapter');
    expect(dropoutMaskName(named)).toBe('discriminator-logits/dropout');
  });

  it('is applied with its variables in the state, and gives logits and new statistics', () => {
    const state = toyState();
    const one = attached();
    const variables = discriminatorVariables(one, state);
    const found = applyDiscriminator(one, variables, outputs().features, toyContext, null);
    expect(values(found.outputs.logits)).toEqual([3 + 4, 9 + 20]);
    expect(values(found.stats.runs!)).toEqual([1]);
  });

  it('gets the condition only where there is one', () => {
    const discriminator = new ToyDiscriminator(true);
    const one = attached({ discriminator });
    const variables = discriminatorVariables(one, toyState());
    const { features } = outputs();
    applyDiscriminator(one, variables, features, toyContext, null);
    applyDiscriminator(one, variables, features, toyContext, tf.tensor1d([0.5, 0.5]));
    expect(discriminator.conditions).toEqual([null, [0.5, 0.5]]);
  });

  it("takes the student's output of its input, through the adapter's variables in the state", () => {
    const state = {
      ...toyState(),
      'discriminator-adapter/params/weights': tf.tensor2d([0, 1, 2, 0], [2, 2]),
    };
    const plain = discriminatorInputOf(attached(), state, outputs(), toyContext);
    expect(values(plain)).toEqual([1, 1, 3, 5]);
    const other = discriminatorInputOf(attached({ input: 'logits' }), state, outputs(), toyContext);
    expect(values(other)).toEqual([0, 0, 0, 0]);
    const adapted = discriminatorInputOf(attached({ adapter: toyAdapter }), state, outputs(), toyContext);
    expect(values(adapted)).toEqual([2, 1, 10, 3]); // [a, b] -> [2b, a]
  });
});

describe('the condition', () => {
  it("is the teacher's softmax, or the labels, one-hot", () => {
    const soft = values(conditionFrom('teacher', toyBatch(), outputs())); // of logits [0, 1] and [1, 0]
    [1 - sigmoid(1), sigmoid(1), sigmoid(1), 1 - sigmoid(1)].forEach((p, i) => {
      expect(soft[i]).toBeCloseTo(p, 6);
    });
    expect(values(conditionFrom('labels', toyBatch(), outputs()))).toEqual([0, 1, 1, 0]); // of labels 1 and 0
  });
});

describe('reductions', () => {
  it('classCrossEntropy is -Σ p log softmax, mean over the batch', () => {
    const loss = classCrossEntropy(tf.tensor2d([2, 0, 0, 0], [2, 2]), tf.tensor2d([1, 0, 0.5, 0.5], [2, 2]));
    expect(values(loss)[0]).toBeCloseTo((-Math.log(sigmoid(2)) + Math.log(2)) / 2, 6);
  });

  it('probability is the mean of the sigmoids, perSample the mean over patches', () => {
    const logits = tf.tensor([0, 2, -2, 4], [2, 2, 1]);
    const expected = (0.5 + sigmoid(2) + sigmoid(-2) + sigmoid(4)) / 4;
    expect(values(probability(logits))[0]).toBeCloseTo(expected, 6);
    expect(values(perSample(logits))).toEqual([1, 1]);
    expect(perSample(tf.zeros([3, 2, 2, 1])).shape).toEqual([3]);
  });

  it('meanOf is the mean of scalars', () => {
    expect(values(meanOf([tf.scalar(1), tf.scalar(2), tf.scalar(6)]))).toEqual([3]);
  });
});

import '@tensorflow/tfjs-backend-cpu';
import {
  binaryCrossEntropy,
  filled,
  Regularizer,
  squaredDistance,
  type AdversarialLoss,
  type Balancer,
  type DataTerm,
  type HostTensor,
  type RegularizerContext,
  type Tree,
} from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import {
  adversarialLossContract,
  balancerContract,
  dataTermContract,
  regularizerContract,
  type ContractRunner,
} from '../src/index.js';
import { averagingBalancer, toyFeatureTerm, ToyMemory, toyRelativistic } from '../src/toy/index.js';

/** The messages of the tests that fail. */
async function messagesOf(contract: (runner: ContractRunner) => void): Promise<string[]> {
  const bodies: (() => void | Promise<void>)[] = [];
  contract({ describe: (_name, body) => body(), it: (_name, body) => bodies.push(body), expect });
  const messages: string[] = [];
  for (const body of bodies) {
    try {
      await body();
    } catch (error) {
      messages.push((error as Error).message);
    }
  }
  return messages;
}

const unseeded = (): number => (Math as { random: () => number }).random();

describe('the contract of data terms', () => {
  const failures = (loss: DataTerm['loss'], rest: Partial<DataTerm> = {}): Promise<string[]> =>
    messagesOf((runner) => dataTermContract(runner, () => ({ name: 'mine', ...rest, loss })));

  it('is met by one that uses features and progress', async () => {
    expect(await messagesOf((runner) => dataTermContract(runner, () => toyFeatureTerm))).toEqual([]);
  });

  it.each<[string, DataTerm['loss'], RegExp]>([
    ['a vector', (s, t) => tf.sum(tf.squaredDifference(s, t), 1), /does not return a scalar/],
    [
      'infinite',
      (s, t) => tf.div(squaredDistance(s, t), 0),
      /is not finite.*\n.*expected.*\n.*received: Infinity/,
    ],
    [
      'not finite for large logits',
      (s, t) => tf.log(tf.mean(tf.exp(tf.sub(tf.mul(s, 4), t)))),
      /is not finite/,
    ],
    [
      'of the first image',
      (s, t) => squaredDistance(tf.slice(s, 0, 1), tf.slice(t, 0, 1)),
      /order of the batch/,
    ],
    [
      'random',
      (s, t) => tf.add(squaredDistance(s, t), 0 * unseeded()),
      /recorded as a graph.*\n.*\n.*Math.random/,
    ],
  ])('finds one that is %s', async (_what, loss, message) => {
    expect((await failures(loss)).join('\n')).toMatch(message);
  });

  it('finds what is read without being declared', async () => {
    const found = await failures((_s, _t, { student, teacher }) =>
      tf.mean(tf.squaredDifference(student.features, teacher.features!)),
    );
    expect(found.join('\n')).toMatch(
      /the teacher has no entry "features".*\n.*\n.*\n {2}declare what it reads/,
    );
  });
});

describe('the contract of adversarial losses', () => {
  const failures = (rest: Partial<AdversarialLoss>): Promise<string[]> =>
    messagesOf((runner) => adversarialLossContract(runner, () => ({ ...toyRelativistic, ...rest })));

  it('is met by one that uses both sides and hidden features', async () => {
    expect(await failures({})).toEqual([]);
  });

  it('finds a side that is a vector, overflows, or reads a value', async () => {
    const vector = await failures({ student: (s) => tf.mean(s, 1) });
    expect(vector[0]).toMatch(/student does not return a scalar/);
    const overflowing = await failures({ discriminator: (t, s) => tf.mean(tf.exp(tf.abs(tf.sub(s, t)))) });
    expect(overflowing.join('\n')).toMatch(/discriminator is not finite/);
    const reading = await failures({
      student: (s) => (s.dataSync()[0]! > 0 ? binaryCrossEntropy(s, 1) : binaryCrossEntropy(s, 0)),
    });
    expect(reading.join('\n')).toMatch(/cannot be recorded as a graph.*\n.*\n.*dataSync/);
  });
});

describe('the contract of balancers', () => {
  const failures = (rest: Partial<Balancer>): Promise<string[]> =>
    messagesOf((runner) => balancerContract(runner, () => ({ ...averagingBalancer, ...rest })));

  it('is met by a moving average', async () => {
    expect(await failures({})).toEqual([]);
  });

  it('finds a division by a gradient of zero, a lost entry, and memory outside of the training state', async () => {
    const dividing = await failures({
      next: (_memory, { data, adversarial }) => ({ ratio: tf.div(data, adversarial) }),
    });
    expect(dividing.join('\n')).toMatch(/step \d.*\n.*\n.*received: (Infinity|NaN), for gradients of norm/);
    expect((await failures({ next: () => ({}) })).join('\n')).toMatch(
      /expected: ratio\n {2}received: none|other entries/,
    );
    let calls = 0;
    const counting = await failures({ weight: () => tf.scalar(calls++ % 7) });
    expect(counting.join('\n')).toMatch(/changes from call to call.*\n.*\n.*\n {2}keep everything/);
  });
});

describe('the contract of regularizers', () => {
  class Given extends ToyMemory {
    constructor(readonly of: (context: RegularizerContext) => Tree) {
      super();
    }

    override next(context: RegularizerContext): Tree {
      return this.of(context);
    }
  }

  class Half extends Regularizer {
    readonly name = 'half';

    override memory(): Tree<HostTensor> {
      return { mean: filled([]) };
    }

    penalty({ onTeacher }: RegularizerContext): Scalar {
      return tf.mean(tf.square(onTeacher));
    }
  }

  it('is met by one with a memory', async () => {
    expect(await messagesOf((runner) => regularizerContract(runner, () => new ToyMemory()))).toEqual([]);
  });

  it('finds a memory that grows, diverges or is half declared', async () => {
    const found = async (create: () => Regularizer): Promise<string> =>
      (await messagesOf((runner) => regularizerContract(runner, create))).join('\n');
    const growing = new Given(({ memory }) => ({ mean: tf.concat([tf.reshape(memory.mean!, [-1]), [1]]) }));
    expect(await found(() => growing)).toMatch(/next changes the shape of "mean"\./);
    const diverging = new Given(({ memory }) => ({ mean: tf.add(tf.mul(memory.mean!, 1e9), 1) }));
    expect(await found(() => diverging)).toMatch(/its memory "mean" does not stay finite/);
    expect(await found(() => new Half())).toMatch(/has one half of a memory.*\n.*\n.*memory alone/);
  });

  it.each<[string, (context: RegularizerContext) => Tensor]>([
    ['of one sample', ({ onTeacher }) => tf.slice(onTeacher, [0, 0], [1, 1])],
    ['a sum over the batch', ({ onTeacher }) => tf.sum(onTeacher)],
    ['a square of a mean', ({ onTeacher }) => tf.square(tf.mean(onTeacher))],
  ])('finds a memory that is %s', async (_what, of) => {
    const create = (): Regularizer => new Given((context) => ({ mean: tf.reshape(of(context), []) }));
    expect(await messagesOf((runner) => regularizerContract(runner, create))).toEqual([
      expect.stringMatching(/its memory "mean" is no mean over the batch\.\n.*\n.*\n {2}keep means/),
    ]);
  });
});

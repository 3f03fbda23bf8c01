import '@tensorflow/tfjs-backend-cpu';
import {
  chain,
  classification,
  conv2d,
  dense,
  elementwise,
  globalAveragePool,
  LayeredClassifier,
  Regularizer,
  scaleByLearningRate,
  squaredDistance,
  stateless,
  tap,
  type DataTerm,
  type GradientTransform,
  type ImageAugmentation,
  type LearningRateSchedule,
  type RegularizerContext,
  type RunHook,
  type Task,
} from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import {
  adversarialLossContract,
  augmentationContract,
  balancerContract,
  dataTermContract,
  discriminatorContract,
  hookContract,
  networkContract,
  optimizerContract,
  regularizerContract,
  scheduleContract,
  taskContract,
  type ContractRunner,
} from '../src/index.js';
import { averagingBalancer, ToyDiscriminator, toyRelativistic } from '../src/toy/index.js';
import { failedTests, READABLE } from './collect.js';

type Contract = (runner: ContractRunner) => void;

/** Forbidden by the lint rules; the contracts must find it. */
const unseeded = (): number => (Math as { random: () => number }).random();

/** The identity with twice its gradient. */
const doubled = <T extends Tensor>(x: T): T =>
  tf.customGrad((value) => ({
    value: tf.clone(value as Tensor),
    gradFunc: (dy: Tensor) => [tf.mul(dy, 2)],
  }))(x) as T;

const disposed = <T>(value: T, tensor: Tensor): T => {
  tensor.dispose();
  return value;
};

const network = (change: (x: Tensor) => Tensor, first: (x: Tensor) => Tensor = (x) => x): Contract => {
  const layers = [
    stateless('first', (shape) => shape, first),
    conv2d('conv', { kernelSize: 3, filters: 4 }),
    globalAveragePool(),
    tap('features'),
    dense('logits', { units: 3 }),
    stateless('change', (shape) => shape, change),
  ];
  return (runner) =>
    networkContract(runner, () => new LayeredClassifier('own', 3, layers), { input: [4, 4, 1], classes: 3 });
};

class ChangedDiscriminator extends ToyDiscriminator {
  constructor(readonly change: (logits: Tensor, x: Tensor) => Tensor) {
    super();
  }

  override apply(...[variables, x, context]: Parameters<ToyDiscriminator['apply']>) {
    const { outputs, stats } = super.apply(variables, x, context);
    return { outputs: { logits: this.change(outputs.logits, x) }, stats };
  }
}
const discriminator =
  (change: (logits: Tensor, x: Tensor) => Tensor): Contract =>
  (runner) =>
    discriminatorContract(runner, () => new ChangedDiscriminator(change));

class GivenRegularizer extends Regularizer {
  readonly name = 'given';

  constructor(readonly compute: (context: RegularizerContext) => Scalar) {
    super();
  }

  penalty(context: RegularizerContext): Scalar {
    return this.compute(context);
  }
}
const regularizer =
  (compute: (context: RegularizerContext) => Scalar): Contract =>
  (runner) =>
    regularizerContract(runner, () => new GivenRegularizer(compute));

const dataTerm =
  (loss: DataTerm['loss']): Contract =>
  (runner) =>
    dataTermContract(runner, () => ({ name: 'own', loss }));
const adversarialLoss =
  (change: (loss: Scalar, onStudent: Tensor) => Scalar): Contract =>
  (runner) =>
    adversarialLossContract(runner, () => ({
      ...toyRelativistic,
      student: (onStudent, context) => change(toyRelativistic.student(onStudent, context), onStudent),
    }));
const balancer =
  (weight: (ratio: Tensor) => Tensor): Contract =>
  (runner) =>
    balancerContract(runner, () => ({
      ...averagingBalancer,
      weight: ({ ratio }) => weight(ratio!) as Scalar,
    }));
const optimizer =
  (f: (update: Tensor) => Tensor, rest: Partial<GradientTransform> = {}): Contract =>
  (runner) =>
    optimizerContract(runner, () => ({ ...chain(elementwise('own', f), scaleByLearningRate()), ...rest }));
const schedule =
  (factor: LearningRateSchedule['factor']): Contract =>
  (runner) =>
    scheduleContract(runner, () => ({ name: 'own', factor }));
const hook =
  (onEpoch: NonNullable<RunHook['onEpoch']>): Contract =>
  (runner) =>
    hookContract(runner, () => ({ name: 'own', onError: 'end', onEpoch }));
const task =
  (change: Partial<Task>): Contract =>
  (runner) =>
    taskContract(runner, () => ({ ...classification, ...change }), { input: [2, 2, 1], classes: 3 });
const augmentation =
  (change: Partial<ImageAugmentation>): Contract =>
  (runner) =>
    augmentationContract(runner, () => ({
      id: 'own',
      draw: (rng) => rng.int(9),
      apply: (image, _, out) => out.set(image),
      ...change,
    }));
const loss = (logits: Tensor, targets: Tensor): Scalar => classification.loss(logits, targets);
const squared = ({ onStudent }: RegularizerContext): Scalar => tf.mean(tf.square(onStudent));

/** What each kind of component may do wrong, and how its suite begins to say so. */
const FAULTS: Readonly<Record<string, Readonly<Record<string, readonly [Contract, RegExp]>>>> = {
  model: {
    'wrong shape': [network((x) => tf.sum(x, 1, true)), /returns logits of another shape/],
    'not finite': [network((x) => tf.div(x, 0)), /returns outputs that are not finite/],
    'wrong gradient': [network(doubled), /has wrong gradients/],
    'reads values': [
      network((x) => tf.mul(x, x.dataSync()[0]! > 0 ? 1 : 2)),
      /recorded as a graph[^]*dataSync/,
    ],
    'unseeded randomness': [network((x) => tf.add(x, 0 * unseeded())), /recorded as a graph[^]*Math.random/],
    'mutates its input': [
      network(
        (x) => x,
        (x) => disposed(tf.mul(x, 2), x),
      ),
      /dispose/,
    ],
    'depends on the batch size': [network((x) => tf.mul(x, x.shape[0])), /other logits when other images/],
  },
  discriminator: {
    'wrong shape': [
      discriminator((x) => tf.mean(x)),
      /logits of another shape[^]*expected: outputs.logits of shape \[4, …\][^]*received: \[\]/,
    ],
    'not finite': [discriminator((x) => tf.div(x, 0)), /logits that are not finite/],
    'wrong gradient': [discriminator(doubled), /has wrong gradients/],
    'reads values': [discriminator((x) => tf.mul(x, x.dataSync()[0]! > 0 ? 1 : 2)), /dataSync/],
    'unseeded randomness': [discriminator((x) => tf.add(x, 0 * unseeded())), /Math.random/],
    'reads the clock': [discriminator((x) => tf.add(x, 0 * Date.now())), /recorded as a graph[^]*Date/],
    'mutates its input': [discriminator((logits, x) => disposed(logits, x)), /dispose/],
    'depends on the batch size': [
      discriminator((x) => tf.mul(x, x.shape[0])),
      /other logits when other samples/,
    ],
  },
  regularizer: {
    'wrong shape': [
      regularizer(({ onStudent }) => tf.square(onStudent) as Scalar),
      /does not return a scalar/,
    ],
    'not finite': [regularizer((context) => tf.div(squared(context), 0)), /is not finite/],
    'wrong gradient': [regularizer((context) => doubled(squared(context))), /has wrong gradients/],
    'reads values': [
      regularizer((context) => tf.mul(squared(context), squared(context).dataSync()[0]! > 0 ? 1 : 2)),
      /dataSync/,
    ],
    'unseeded randomness': [
      regularizer((context) => tf.add(squared(context), 0 * unseeded())),
      /Math.random/,
    ],
    'mutates its input': [
      regularizer((context) => disposed(squared(context), context.params['output/bias']!)),
      /dispose/,
    ],
    'depends on the batch size': [
      regularizer(({ onStudent }) => tf.sum(tf.square(onStudent))),
      /depends on the size of the batch/,
    ],
  },
  'data term': {
    'wrong shape': [dataTerm((s, t) => tf.squaredDifference<Scalar>(s, t)), /does not return a scalar/],
    'not finite': [dataTerm((s, t) => tf.div(squaredDistance(s, t), 0)), /is not finite/],
    'wrong gradient': [dataTerm((s, t) => doubled(squaredDistance(s, t))), /has wrong gradients/],
    'reads values': [
      dataTerm((s, t) => tf.mul(squaredDistance(s, t), s.dataSync()[0]! > 0 ? 1 : 2)),
      /dataSync/,
    ],
    'unseeded randomness': [dataTerm((s, t) => tf.add(squaredDistance(s, t), 0 * unseeded())), /Math.random/],
    'mutates its input': [dataTerm((s, t) => disposed(squaredDistance(s, t), t)), /dispose/],
    'depends on the batch size': [
      dataTerm((s, t) => tf.sum(tf.squaredDifference(s, t))),
      /depends on the size of the batch/,
    ],
  },
  'adversarial loss': {
    'wrong shape': [adversarialLoss((_, x) => tf.square(x) as Scalar), /does not return a scalar/],
    'not finite': [adversarialLoss((x) => tf.div(x, 0)), /is not finite/],
    'wrong gradient': [adversarialLoss((x) => doubled(x)), /has wrong gradients/],
    'reads values': [adversarialLoss((x) => tf.mul(x, x.dataSync()[0]! > 0 ? 1 : 2)), /dataSync/],
    'unseeded randomness': [adversarialLoss((x) => tf.add(x, 0 * unseeded())), /Math.random/],
    'mutates its input': [adversarialLoss((x, given) => disposed(x, given)), /dispose/],
    'depends on the batch size': [
      adversarialLoss((x, given) => tf.mul(x, given.shape[0])),
      /depends on the size of the batch/,
    ],
  },
  balancer: {
    'wrong shape': [balancer((x) => tf.stack([x, x])), /does not return a scalar/],
    'not finite': [balancer((x) => tf.div(x, 0)), /weight is Infinity in step 1/],
    'reads values': [balancer((x) => tf.mul(x, x.dataSync()[0]! > 0 ? 1 : 2)), /dataSync/],
    'unseeded randomness': [balancer((x) => tf.add(x, unseeded())), /changes from call to call|Math.random/],
    'mutates its input': [balancer((x) => disposed(tf.scalar(1), x)), /fails|dispose/],
  },
  task: {
    'wrong shape': [task({ loss: (x) => tf.sum<Scalar>(x, 1) }), /something else than a finite scalar/],
    'not finite': [task({ loss: (x, y) => tf.div(loss(x, y), 0) }), /something else than a finite scalar/],
    'wrong gradient': [task({ loss: (x, y) => doubled(loss(x, y)) }), /a loss with wrong gradients/],
    'reads values': [task({ loss: (x, y) => tf.mul(loss(x, y), x.dataSync()[0]! > 0 ? 1 : 2) }), /dataSync/],
    'unseeded randomness': [task({ loss: (x, y) => tf.add(loss(x, y), 0 * unseeded()) }), /Math.random/],
    'mutates its input': [
      task({
        predict(logits) {
          const predicted = classification.predict(logits);
          logits.data.fill(0);
          return predicted;
        },
      }),
      /writes to the logits in predict/,
    ],
    'depends on the batch size': [
      task({ loss: (x, y) => tf.mul(loss(x, y), x.shape[0]) }),
      /a loss that depends on the size of the batch/,
    ],
  },
  optimizer: {
    'wrong shape': [optimizer((u) => tf.sum(u)), /expected: \[/],
    'not finite': [optimizer((u) => tf.div(u, tf.abs(u))), /not finite after gradients of 0/],
    'wrong sign': [optimizer((u) => tf.neg(u)), /does not go down a bowl/],
    'reads values': [optimizer((u) => tf.mul(u, u.dataSync()[0]! > 0 ? 1 : 2)), /dataSync/],
    'unseeded randomness': [optimizer((u) => tf.add(u, 1e-3 * unseeded())), /Math.random/],
    'mutates its input': [
      optimizer((u) => u, {
        init(params) {
          for (const { data } of Object.values(params)) data.fill(0);
          return {};
        },
      }),
      /writes to the parameters in init/,
    ],
  },
  schedule: {
    'not finite': [
      schedule(({ step, warmup }) => 1 / (step - warmup)),
      /no learning rate[^]*received: Infinity at step 0 of 1/,
    ],
    'unseeded randomness': [schedule(() => 1 + unseeded()), /changes from call to call/],
    'mutates its input': [
      schedule((position) => {
        (position as { step: number }).step += 1;
        return 1;
      }),
      /throws while it is checked: does not write to the position[^]*TypeError/,
    ],
  },
  hook: {
    'wrong shape': [hook(() => true as never), /something else than a request[^]*received: true/],
    'unseeded randomness': [
      hook(() => ({ stop: 'model', reason: String(unseeded()) })),
      /answers differently to the same calls/,
    ],
    'mutates its input': [
      hook(({ metrics }) => {
        (metrics as Record<string, number>)['loss/student'] = 0;
      }),
      /throws while it is checked[^]*TypeError/,
    ],
  },
  augmentation: {
    'not finite': [
      augmentation({ apply: (image, _, out) => image.forEach((x, i) => (out[i] = x / 0)) }),
      /range of bytes[^]*would be (NaN|Infinity)/,
    ],
    'unseeded randomness': [augmentation({ draw: () => unseeded() }), /draws something else each time/],
    'random pixels': [
      augmentation({ apply: (image, _, out) => image.forEach((_x, i) => (out[i] = 255 * unseeded())) }),
      /something else to an image after another one/,
    ],
    'mutates its input': [
      augmentation({
        apply(image, _, out) {
          out.set(image);
          image.fill(0);
        },
      }),
      /writes to an image that it is given[^]*8×8×3, record/,
    ],
  },
};

describe.each(Object.entries(FAULTS))('the suite of a %s', (_kind, faults) => {
  it.each(Object.entries(faults))('reports: %s', async (_fault, [contract, message]) => {
    const failed = await failedTests(contract);
    const all = failed.map((failure) => failure.message);
    expect(all.join('\n\n')).toMatch(message);
    for (const text of all) expect(text).toMatch(READABLE);
  });
});

it('reports where the code of a component throws', async () => {
  const [failure] = await failedTests(
    discriminator(() => {
      throw new TypeError('cannot read logits of undefined');
    }),
    `discriminator contract on [6] > returns`,
  );
  expect(failure!.message).toMatch(
    /throws while it is checked: returns raw.*\n {2}expected: no error\n {2}received: TypeError: cannot read logits of undefined at .*messages\.test\.ts:\d+/,
  );
});

import '@tensorflow/tfjs-backend-cpu';
import {
  batchNorm,
  conv2d,
  dense,
  globalAveragePool,
  LayeredClassifier,
  stateless,
  tap,
  type ClassifierOutputs,
  type Layer,
  type Network,
} from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { networkContract } from '../src/index.js';
import { failuresOf } from './collect.js';

const options = { input: [4, 4, 1], classes: 3, taps: ['early'] } as const;

const network = (extra: readonly Layer[] = [], taps: readonly Layer[] = [tap('early')]): LayeredClassifier =>
  new LayeredClassifier('small', 3, [
    conv2d('conv', { kernelSize: 3, filters: 4, bias: false }),
    batchNorm('norm'),
    ...taps,
    ...extra,
    globalAveragePool(),
    tap('features'),
    dense('logits', { units: 3 }),
  ]);

/** Names of the contract's tests that a network fails. */
async function failures(create: () => Network<ClassifierOutputs>): Promise<string[]> {
  const paths = await failuresOf((runner) => networkContract(runner, create, options));
  return paths.map((path) => path.split(' > ').at(-1)!);
}

describe('a correct network', () => {
  networkContract({ describe, it, expect }, network, options);
});

describe('the suite finds', () => {
  const changed = (change: Partial<Network<ClassifierOutputs>>): Network<ClassifierOutputs> => {
    const correct = network();
    return {
      name: correct.name,
      init: (rng, input) => correct.init(rng, input),
      apply: (variables, x, context) => correct.apply(variables, x, context),
      summary: (input) => correct.summary(input),
      ...change,
    };
  };
  let calls = 0;

  it.each<[string, () => Network<ClassifierOutputs>, string]>([
    [
      'unseeded random numbers in init',
      () => changed({ init: (rng, input) => network().init(rng.split(calls++), input) }),
      'init is the same for a seed',
    ],
    [
      'a wrong count',
      () => changed({ summary: (input) => network().summary(input).slice(1) }),
      'init creates',
    ],
    ['a missing tap', () => network([], []), 'apply returns'],
    ['ignored results of context.activation', () => ignoring(), 'apply uses the features'],
    ['images that are mixed', () => network([mixing]), 'inference changes'],
    [
      'a parameter without a gradient',
      () =>
        network([
          stateless(
            'cut',
            (s) => s,
            (x) => tf.zerosLike(x),
          ),
        ]),
      'training updates',
    ],
    ['statistics that change in inference', () => leaking(), 'inference changes'],
  ])('%s', async (_name, create, test) => {
    const found = await failures(create);
    expect(found.some((name) => name.startsWith(test))).toBe(true);
  });

  const mixing = stateless(
    'mix',
    (shape) => shape,
    (x) => tf.sub(x, tf.mean(x, 0, true)),
  );
  const ignoring = (): Network<ClassifierOutputs> =>
    changed({
      apply(variables, x, context) {
        const { outputs, stats } = network().apply(variables, x, {
          ...context,
          activation: (_name, value) => value,
        });
        for (const name of ['early', 'features']) context.activation(name, outputs[name]!);
        return { outputs, stats };
      },
    });
  const leaking = (): Network<ClassifierOutputs> =>
    changed({
      apply: (variables, x, context) => network().apply(variables, x, { ...context, training: true }),
    });
});

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

const options = { input: [4, 4, 1], classes: 3, taps: ['early'] } as const;

const network = (extra: readonly Layer[] = [], shows: readonly Layer[] = [tap('early')]): LayeredClassifier =>
  new LayeredClassifier('small', 3, [
    conv2d('conv', { kernelSize: 3, filters: 4, bias: false }),
    batchNorm('norm'),
    ...shows,
    ...extra,
    globalAveragePool(),
    tap('features'),
    dense('logits', { units: 3 }),
  ]);

/** Names of the contract's tests that a network fails. */
async function failures(create: () => Network<ClassifierOutputs>): Promise<string[]> {
  const tests: [string, () => void | Promise<void>][] = [];
  const runner = {
    describe: (_name: string, body: () => void) => {
      body();
    },
    it: (...test: (typeof tests)[0]) => void tests.push(test),
    expect,
  };
  networkContract(runner, create, options);
  const failed: string[] = [];
  for (const [name, body] of tests) {
    try {
      await body();
    } catch {
      failed.push(name);
    }
  }
  return failed;
}

describe('a sound network', () => {
  networkContract({ describe, it, expect }, network, options);
});

describe('the suite finds', () => {
  const changed = (change: Partial<Network<ClassifierOutputs>>): Network<ClassifierOutputs> => {
    const sound = network();
    return {
      name: sound.name,
      init: (rng, input) => sound.init(rng, input),
      apply: (variables, x, context) => sound.apply(variables, x, context),
      summary: (input) => sound.summary(input),
      ...change,
    };
  };
  let calls = 0;

  it.each<[string, () => Network<ClassifierOutputs>, string]>([
    [
      'chance in init',
      () => changed({ init: (rng, input) => network().init(rng.split(calls++), input) }),
      'init repeats',
    ],
    ['a wrong count', () => changed({ summary: (input) => network().summary(input).slice(1) }), 'init makes'],
    ['a tap that is not shown', () => network([], []), 'apply gives'],
    ['features that nobody can change', () => deaf(), 'goes on with the features'],
    ['images that see each other', () => network([mixing]), 'inference changes'],
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
      'training changes',
    ],
    ['averages that change in inference', () => leaking(), 'inference changes'],
  ])('%s', async (_name, create, test) => {
    const found = await failures(create);
    expect(found.some((name) => name.startsWith(test))).toBe(true);
  });

  const mixing = stateless(
    'mix',
    (shape) => shape,
    (x) => tf.sub(x, tf.mean(x, 0, true)),
  );
  const deaf = (): Network<ClassifierOutputs> =>
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

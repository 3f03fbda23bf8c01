import '@tensorflow/tfjs-backend-cpu';
import {
  Dataset,
  definePlugin,
  PLUGIN_API_VERSION,
  squaredDistance,
  type Contributions,
  type DatasetSplit,
  type Plugin,
  type SplitName,
} from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { pluginContract, type PluginContractOptions } from '../src/index.js';
import { averagingBalancer, ToyDiscriminator, ToyMemory, toyRelativistic } from '../src/toy/index.js';
import { failedTests, READABLE } from './collect.js';

const none = z.strictObject({});
const plugin = (contributions: Contributions): Plugin =>
  definePlugin({ name: 'anc-plugin-own', apiVersion: PLUGIN_API_VERSION, ...contributions });

const term = (weight: number) => ({
  name: `weighted(${weight})`,
  loss: (student: tf.Tensor, teacher: tf.Tensor) =>
    tf.mul<tf.Scalar>(squaredDistance(student, teacher), weight),
});

const correct: Contributions = {
  discriminators: { toy: { summary: 'a toy', options: none, create: () => new ToyDiscriminator() } },
  regularizers: { slow: { options: none, create: () => new ToyMemory() } },
  adversarialLosses: { pairs: { options: none, create: () => toyRelativistic } },
  balancers: { averaging: { options: none, create: () => averagingBalancer } },
  dataTerms: {
    weighted: {
      options: z.strictObject({ weight: z.number().positive() }),
      create: ({ weight }: { weight: number }) => term(weight),
    },
  },
  augmentations: {
    plain: {
      options: none,
      create: () => ({ id: 'plain', draw: () => null, apply: (image, _, out) => out.set(image) }),
    },
  },
  schedules: { flat: { options: none, create: () => ({ name: 'flat', factor: () => 1 }) } },
  hooks: {
    quiet: { options: none, create: () => ({ name: 'quiet', onError: 'disable', onEpoch: () => undefined }) },
  },
};

const messages = async (given: unknown, options?: PluginContractOptions): Promise<string[]> => {
  const failed = await failedTests((runner) => pluginContract(runner, given as Plugin, options));
  for (const { message } of failed) expect(message).toMatch(READABLE);
  return failed.map(({ message }) => message);
};

describe('a correct plugin', () => {
  const options = { dataTerms: { weighted: { options: { weight: 2 } } } };
  pluginContract({ describe, it, expect }, () => plugin(correct), options);

  it('may have a version of its own, and names that the program takes', async () => {
    const { toy } = correct.discriminators!;
    const versioned = definePlugin({
      name: 'anc-plugin-own',
      version: '1.2.0',
      apiVersion: PLUGIN_API_VERSION,
      discriminators: { '3d+größe': toy! },
    });
    expect(await messages(versioned)).toEqual([]);
  });

  it('needs options where its schema has no defaults', async () => {
    const [message] = await messages(plugin(correct));
    expect(message).toMatch(/data term "weighted" refuses the options[^]*weight: [^]*pluginContract: \{/);
  });
});

class Empty extends Dataset {
  readonly name = 'empty';
  readonly shape = [2, 2, 1] as const;
  readonly classes = [];

  split(name: SplitName): Promise<DatasetSplit> {
    const images = { count: 0, shape: this.shape, fingerprint: name, read: () => undefined };
    return Promise.resolve({ images, labels: null });
  }
}

const one = (rest: object): Contributions => ({
  discriminators: { patch: { options: none, create: () => new ToyDiscriminator(), ...rest } },
});

describe('the suite finds', () => {
  it.each<[string, unknown, RegExp]>([
    ['no plugin', { name: 'x' }, /is no plugin[^]*received: an object with name/],
    ['nothing', undefined, /is no plugin[^]*received: undefined/],
    [
      'a factory that throws',
      () => {
        throw new Error('no licence');
      },
      /throws while it is checked[^]*no licence/,
    ],
    [
      'another version',
      definePlugin({ name: 'old', apiVersion: PLUGIN_API_VERSION + 1, ...one({}) }),
      /another version of the plugin API[^]*expected: 1/,
    ],
    [
      'no package',
      definePlugin({ name: 'My Plugin', apiVersion: PLUGIN_API_VERSION, ...one({}) }),
      /no usable name/,
    ],
    [
      'an unknown kind',
      plugin({ discriminator: {} } as Contributions),
      /no kind of contribution[^]*received: discriminator/,
    ],
    [
      'a version that is a number',
      definePlugin({ name: 'x', version: 1 as never, apiVersion: PLUGIN_API_VERSION, ...one({}) }),
      /a version that is no text/,
    ],
    ['nothing in it', plugin({}), /contributes nothing/],
    ['a list', plugin({ discriminators: [] } as unknown as Contributions), /a kind that is no object/],
    ['no schema', plugin(one({ options: { width: 8 } })), /options that are no schema/],
    ['no create', plugin(one({ create: undefined })), /cannot be created[^]*received: undefined/],
    [
      'an empty contribution',
      plugin({ hooks: { log: null } } as unknown as Contributions),
      /is no contribution/,
    ],
    [
      'an empty create',
      plugin(one({ create: () => undefined })),
      /"patch" creates nothing[^]*a discriminator/,
    ],
    ['a summary of another type', plugin(one({ summary: 7 })), /summary that is no text/],
    [
      'a name with spaces',
      plugin({ hooks: { 'my hook': { options: none, create: () => correct.hooks!['quiet']!.create({}) } } }),
      /a name that no flag can hold/,
    ],
    [
      'a faulty component',
      plugin({ datasets: { empty: { options: none, create: () => new Empty() } } }),
      /a split without images/,
    ],
  ])('%s', async (_what, given, message) => {
    expect((await messages(given)).join('\n')).toMatch(message);
  });

  it('a name that is tested and does not exist', async () => {
    const found = await messages(plugin(one({})), { discriminators: { path: {} } });
    expect(found.join('\n')).toMatch(/has not what is to be tested[^]*received: discriminators: path/);
  });
});

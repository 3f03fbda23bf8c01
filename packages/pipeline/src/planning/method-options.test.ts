import { definePlugin, optimizerConfigSchema } from '@anc/core';
import methods from '@anc/methods';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { compose } from '../composition/compose.js';
import { presets } from '../options/presets.js';
import { resolveFlat } from '../../test/flat-options.js';
import { methodOptions } from './method-options.js';

const own = definePlugin({
  name: 'own',
  apiVersion: 1,
  methods: {
    own: {
      options: z.strictObject({ lambda: z.number(), depth: z.number().default(2) }),
      create: () => undefined as never,
    },
    former: {
      options: z.strictObject({ recipe: optimizerConfigSchema.prefault({}) }),
      create: () => undefined as never,
    },
  },
});
const composition = compose([methods(), own]);
const defaultsOf = (flat: Record<string, unknown> = {}) => resolveFlat(flat).options;

describe('methodOptions', () => {
  it.each(Object.keys(presets))('gives every built-in method what its schema takes: %s', async (preset) => {
    const config = defaultsOf({ preset, discriminatorLearningRate: 0.1 });
    for (const name of composition.registries.methods.names.filter(
      (name) => !['own', 'former'].includes(name),
    )) {
      const options = methodOptions({ name, options: {} }, config, composition);
      await expect(composition.registries.methods.check({ name, options })).resolves.toMatchObject({
        optimizer: { learningRate: config.training.learningRate },
      });
    }
  });

  it('passes on what the run says, to the part that it is about', async () => {
    const config = defaultsOf({
      dataTerm: 'l2',
      regularizer: 'l1',
      mu: 0.5,
      reduction: 'mean',
      dropout: 0.2,
      discriminatorInput: 'logits',
    });
    const options = methodOptions({ name: 'adversarial', options: {} }, config, composition);
    expect(options).toMatchObject({
      regularizer: { name: 'l1', mu: 0.5 },
      dataTerm: { name: 'l2', reduction: 'mean' },
      dropout: 0.2,
      input: 'logits',
    });
    const unsaid = defaultsOf({ reduction: 'mean' }); // reaches the data term that is the method's default
    expect(methodOptions({ name: 'adversarial', options: {} }, unsaid, composition)).toMatchObject({
      dataTerm: { name: 'l2', reduction: 'mean' },
    });
    expect(methodOptions({ name: 'l2', options: {} }, config, composition)).toMatchObject({
      reduction: 'mean',
    });
  });

  it('leaves the control of dropout its own where the preset has none, and a given rate everywhere', async () => {
    const control = { name: 'dropout-noise', options: {} };
    const modern = defaultsOf({ preset: 'modern' });
    expect(modern.objective.dropout).toBe(0);
    expect(methodOptions(control, modern, composition)).not.toHaveProperty('dropout');
    expect(methodOptions({ name: 'adversarial', options: {} }, modern, composition)).toMatchObject({
      dropout: 0,
    });
    const given = defaultsOf({ preset: 'modern', dropout: 0.3 });
    expect(methodOptions(control, given, composition)).toMatchObject({ dropout: 0.3 });
  });

  it.each(['optimizer', 'recipe'])(
    'changes what the %s beside the method says, and keeps the rest',
    async (key) => {
      const config = defaultsOf({ preset: 'modern' });
      const named = { name: 'kd', options: { [key]: { learningRate: 0.5 } } };
      const { optimizer, ...rest } = methodOptions(named, config, composition);
      expect(optimizer).toMatchObject({
        learningRate: 0.5,
        optimizer: 'adam',
        weightDecay: config.training.weightDecay,
      });
      expect(rest).not.toHaveProperty('recipe');
    },
  );

  it('refuses an optimizer under both of its names', async () => {
    const options = methodOptions(
      { name: 'kd', options: { optimizer: { learningRate: 0.5 }, recipe: {} } },
      defaultsOf(),
      composition,
    );
    await expect(composition.registries.methods.check({ name: 'kd', options })).rejects.toThrow(
      'option "recipe" of method "kd": "recipe" is the deprecated name of "optimizer"',
    );
  });

  it("gives a plugin's method the optimizer under the name of its schema", async () => {
    const config = defaultsOf();
    const options = methodOptions(
      { name: 'former', options: { recipe: { momentum: 0.3 } } },
      config,
      composition,
    );
    expect(options).toMatchObject({ recipe: { momentum: 0.3, learningRate: config.training.learningRate } });
    expect(options).not.toHaveProperty('optimizer');
  });

  it('quantizes whatever trains a student', async () => {
    const config = defaultsOf({ quantize: 'ttq' });
    for (const name of ['supervised', 'l2', 'kd', 'adversarial', 'fitnets']) {
      expect(methodOptions({ name, options: {} }, config, composition)).toMatchObject({ quantize: 'ttq' });
    }
  });

  it('gives several discriminators their defaults, and refuses those that none of them asks', async () => {
    const config = defaultsOf({ discriminator: '64-64', adapter: 'linear' });
    const of = (options: Record<string, unknown>) =>
      methodOptions({ name: 'adversarial', options }, config, composition);
    expect(of({ discriminators: [{ adapter: 'none' }, {}] })).toMatchObject({
      discriminator: '64-64',
      adapter: 'linear',
    });
    expect(of({ discriminators: [{ adapter: 'none' }] })).not.toHaveProperty('adapter');
    expect(() => of({ discriminators: [{ adapter: 'none' }], adapter: 'linear' })).toThrow(
      'option "adapter" of method "adversarial" has no effect.',
    );
  });

  it('lets what stands beside the method win, and refuses what the method does not know', async () => {
    const config = defaultsOf({ lambda: 3 });
    const named = { name: 'own', options: { depth: 5 } };
    expect(methodOptions(named, config, composition)).toEqual({ lambda: 3, depth: 5 });
    const wrong = methodOptions({ name: 'own', options: { detph: 5 } }, config, composition);
    await expect(composition.registries.methods.check({ name: 'own', options: wrong })).rejects.toThrow(
      /"detph"/,
    );
  });
});

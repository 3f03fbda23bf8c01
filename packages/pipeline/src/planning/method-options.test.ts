import { definePlugin } from '@anc/core';
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
  },
});
const composition = compose([methods(), own]);
const defaultsOf = (flat: Record<string, unknown> = {}) => resolveFlat(flat).options;

describe('methodOptions', () => {
  it.each(Object.keys(presets))('gives every built-in method what its schema takes: %s', async (preset) => {
    const config = defaultsOf({ preset, discriminatorLearningRate: 0.1 });
    for (const name of composition.registries.methods.names.filter((name) => name !== 'own')) {
      const options = methodOptions({ name, options: {} }, config, composition);
      await expect(composition.registries.methods.check({ name, options })).resolves.toMatchObject({
        recipe: { learningRate: config.training.learningRate },
      });
    }
  });

  it('passes on what the run says, to the part that it is about', () => {
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

  it('leaves the control of dropout its own where the recipe has none, and a said rate everywhere', () => {
    const control = { name: 'dropout-noise', options: {} };
    const modern = defaultsOf({ preset: 'modern' });
    expect(modern.objective.dropout).toBe(0);
    expect(methodOptions(control, modern, composition)).not.toHaveProperty('dropout');
    expect(methodOptions({ name: 'adversarial', options: {} }, modern, composition)).toMatchObject({
      dropout: 0,
    });
    const said = defaultsOf({ preset: 'modern', dropout: 0.3 });
    expect(methodOptions(control, said, composition)).toMatchObject({ dropout: 0.3 });
  });

  it("merges a method's own optimizer config with the run's", () => {
    const config = defaultsOf({ preset: 'modern' });
    const named = { name: 'kd', options: { recipe: { learningRate: 0.5 } } };
    const { recipe } = methodOptions(named, config, composition);
    expect(recipe).toMatchObject({
      learningRate: 0.5,
      optimizer: 'adam',
      weightDecay: config.training.weightDecay,
    });
  });

  it('quantises whatever trains a student', () => {
    const config = defaultsOf({ quantize: 'ttq' });
    for (const name of ['supervised', 'l2', 'kd', 'adversarial', 'fitnets']) {
      expect(methodOptions({ name, options: {} }, config, composition)).toMatchObject({ quantize: 'ttq' });
    }
  });

  it('gives several discriminators their defaults, and refuses those that none of them asks', () => {
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

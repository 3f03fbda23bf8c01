import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createOptimizer, optimizerConfigSchema, optimizerOverridesSchema } from './optimizer-config.js';
import { adam, sgd } from './optimizer.js';

const parse = (config: object = {}) => optimizerConfigSchema.parse(config);
const idOf = (config: object = {}): string => createOptimizer(parse(config)).id;

describe('optimizerConfigSchema', () => {
  it("has the paper's defaults", () => {
    expect(parse()).toEqual({
      optimizer: 'momentum',
      learningRate: 0.001,
      momentum: 0.9,
      weightDecay: 0.0002,
      decayMode: 'auto',
      decayScope: 'weights',
      schedule: { kind: 'step', milestones: [80_000], unit: 'iterations', factor: 0.1 },
    });
  });

  it.each([
    { learningRate: 0 },
    { momentum: 1 },
    { weightDecay: -1 },
    { optimizer: { beta1: 1 } },
    { clipNorm: 0 },
    { ema: 1 },
    { schedule: { kind: 'cosine', floor: 2 } },
    { schedule: { kind: 'step' } },
    { learningrate: 0.1 },
  ])('refuses %j', (config) => {
    expect(optimizerConfigSchema.safeParse(config).success).toBe(false);
  });

  it.each([optimizerConfigSchema, optimizerOverridesSchema])('describes every option', (schema) => {
    const { properties } = z.toJSONSchema(schema, { io: 'input' });
    for (const [name, property] of Object.entries(properties!)) {
      expect(property, name).toHaveProperty('description');
    }
  });
});

describe('optimizerOverridesSchema', () => {
  it('adds no defaults, so that what is left out overrides nothing', () => {
    expect(optimizerOverridesSchema.parse({})).toEqual({});
    expect(optimizerOverridesSchema.parse({ learningRate: 0.1 })).toEqual({ learningRate: 0.1 });
    expect(optimizerOverridesSchema.safeParse({ learningRate: -1 }).success).toBe(false);
    expect(optimizerOverridesSchema.parse({ decayMode: 'auto' })).toEqual({ decayMode: 'auto' });
    expect(optimizerOverridesSchema.safeParse({ ema: 0.9 }).success).toBe(false);
  });
});

describe('createOptimizer', () => {
  const l2 = { rate: 0.5, mode: 'l2', scope: 'weights' } as const;
  const decoupled = { rate: 0.5, mode: 'decoupled', scope: 'weights' } as const;

  it.each([
    [{ optimizer: 'sgd', weightDecay: 0.5 }, sgd({ decay: l2 })],
    [{ optimizer: 'momentum', momentum: 0.8, weightDecay: 0.5 }, sgd({ momentum: 0.8, decay: l2 })],
    [
      { optimizer: 'nesterov', momentum: 0.8, weightDecay: 0.5 },
      sgd({ momentum: 0.8, nesterov: true, decay: l2 }),
    ],
    [{ optimizer: 'adam', weightDecay: 0.5 }, adam({ decay: decoupled })],
    [
      { optimizer: 'adam', beta1: 0.5, beta2: 0.9, epsilon: 1e-4, weightDecay: 0.5 },
      adam({ beta1: 0.5, beta2: 0.9, epsilon: 1e-4, decay: decoupled }),
    ],
    [{ optimizer: 'adam', weightDecay: 0.5, decayMode: 'l2' }, adam({ decay: l2 })],
    [{ optimizer: 'sgd', weightDecay: 0.5, decayMode: 'decoupled' }, sgd({ decay: decoupled })],
    [{ optimizer: 'sgd', weightDecay: 0.5, decayScope: 'all' }, sgd({ decay: { ...l2, scope: 'all' } })],
  ])('creates the optimizer that %j names', (config, expected) => {
    expect(idOf(config)).toBe(expected.id);
  });

  it('ignores the momentum of plain sgd', () => {
    expect(idOf({ optimizer: 'sgd', momentum: 0.5 })).toBe(idOf({ optimizer: 'sgd' }));
  });
});

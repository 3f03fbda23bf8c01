import '@tensorflow/tfjs-backend-cpu';
import { chain, clipByGlobalNorm, createOptimizer, optimizerConfigSchema } from '@anc/core';
import { builtinOptimizers, builtinSchedules } from '@anc/core/internal';
import { optimizerContract, scheduleContract } from '@anc/testing';
import { describe, expect, it, vi } from 'vitest';
import type { z } from 'zod';
import { OnnxBackend } from '../src/index.js';

vi.setConfig({ testTimeout: 30_000 });

const runner = { describe, it, expect };
const compiled = (): Promise<OnnxBackend> => OnnxBackend.create({ threads: 1 });
const create = (name: string, options: object) => {
  const { options: schema, create: make } = builtinOptimizers[name]!;
  return make((schema as z.ZodType).parse(options), undefined);
};

/** Options under which every part of an optimizer computes something. */
const OPTIONS: Readonly<Record<string, object>> = {
  sgd: { weightDecay: 0.01 },
  momentum: { weightDecay: 0.01, decayScope: '!*/bias' },
  nesterov: { weightDecay: 0.01, decayMode: 'decoupled' },
  adam: { weightDecay: 0.01, decayMode: 'l2' },
  adamw: { weightDecay: 0.01, decayScope: 'all' },
  rmsprop: { weightDecay: 0.01, centered: true, rmsMomentum: 0.5 },
  adagrad: { weightDecay: 0.01 },
  lamb: { weightDecay: 0.01 },
  lars: { weightDecay: 0.01 },
};

describe.each(Object.keys(builtinOptimizers))('the optimizer %s', (name) => {
  optimizerContract(runner, () => create(name, OPTIONS[name]!), { compiled });
});

describe('a clipped optimizer', () => {
  optimizerContract(runner, () => chain(clipByGlobalNorm(0.1), create('adam', {})), { compiled });
});

describe.each([
  ['step', { milestones: [0.5], unit: 'share' }],
  ...Object.keys(builtinSchedules)
    .filter((name) => name !== 'step')
    .map((name) => [name, {}] as const),
] as [string, object][])('the schedule %s', (name, options) => {
  const { options: schema, create: make } = builtinSchedules[name]!;
  scheduleContract(runner, () => make((schema as z.ZodType).parse(options), undefined));
});

it('has slots of the names that checkpoints of earlier versions hold', () => {
  const params = { 'a/weights': { shape: [1], data: Float32Array.of(1) } };
  const slots = (optimizer: string): string[] =>
    Object.keys(createOptimizer(optimizerConfigSchema.parse({ optimizer })).init(params));
  expect(slots('sgd')).toEqual([]);
  expect(slots('momentum')).toEqual(['velocity/a/weights']);
  expect(slots('nesterov')).toEqual(['velocity/a/weights']);
  expect(slots('adam')).toEqual(['mean/a/weights', 'square/a/weights', 'power/beta1', 'power/beta2']);
});

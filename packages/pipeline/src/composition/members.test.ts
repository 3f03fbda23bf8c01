import { describe, expect, it } from 'vitest';
import { definePlugin, type Contributions } from '@anc/core';
import { z } from 'zod';
import { compose } from './compose.js';
import { kindNames, KINDS, type Kind } from './kinds.js';

const f = () => undefined;
const network = { name: 'n', init: f, apply: f, summary: f };
const capabilities = { training: true, deterministic: true, compiled: false };

/** One complete component of each kind, as far as can be seen without calling it. */
const COMPLETE: Readonly<Record<Kind, Record<string, unknown>>> = {
  models: network,
  datasets: { name: 'd', shape: [8, 8, 1], classes: ['a', 'b'], split: f },
  augmentations: { id: 'a', draw: f, apply: f },
  methods: { name: 'm', labels: 'never', needsTeacher: true, network: f, stages: f },
  discriminators: network,
  regularizers: { name: 'r', penalty: f },
  dataTerms: { name: 'd', loss: f },
  adversarialLosses: { name: 'a', discriminator: f, student: f },
  balancers: { name: 'b', memory: { weight: 0 }, weight: f, next: f },
  generators: { ...network, noise: 8 },
  discrepancies: { name: 'd', distance: f },
  generatorTerms: { name: 'g', penalty: f },
  memories: { name: 'm', fresh: false, init: f, push: f, draw: f },
  tasks: {
    name: 't',
    metrics: [{ name: 'error', better: 'lower' }],
    ...Object.fromEntries(
      ['outputs', 'targets', 'loss', 'batchMetrics', 'batchAgreement', 'predict', 'agreement', 'measure'].map(
        (key) => [key, f],
      ),
    ),
  },
  optimizers: { id: 'o', init: f, update: f },
  schedules: { name: 's', factor: f },
  hooks: { name: 'h', onError: 'end' },
  backends: {
    name: 'b',
    capabilities,
    environment: {},
    ...Object.fromEntries(
      ['upload', 'compile', 'compileFunction', 'rehearse', 'dispose'].map((key) => [key, f]),
    ),
  },
};

const made = (kind: Kind, component: unknown): Promise<unknown> => {
  const contributions = { [kind]: { x: { options: z.strictObject({}), create: () => component } } };
  const plugin = definePlugin({ name: 'zoo', apiVersion: 1, ...(contributions as Contributions) });
  const registry = compose([plugin]).registries[kind];
  return registry.create({ name: 'x', options: {} }, undefined as never);
};
const refused = async (kind: Kind, component: unknown, problem: string, received: string | RegExp) =>
  expect(made(kind, component)).rejects.toMatchObject({
    code: 'ANC_PLUGIN',
    message: expect.stringContaining(`${KINDS[kind]} "x" of plugin "zoo" ${problem}`) as string,
    detail: { received: expect.stringMatching(received) as string },
  });

describe.each(kindNames.map((kind) => [kind]))('of %s', (kind) => {
  const complete = COMPLETE[kind];
  it('a complete one is taken', async () => {
    expect(await made(kind, complete)).toBe(complete);
  });

  it.each(Object.keys(complete))('%s is required and must be what it should', async (key) => {
    const { [key]: _without, ...rest } = complete;
    await refused(kind, rest, '', new RegExp(`no .*${key}|undefined|one of`));
    await refused(kind, { ...complete, [key]: -3 }, '', new RegExp(`no .*${key}|^-3$|one of`));
  });

  it.each([[undefined], [null], [3], ['text']])('%s is none', async (component) => {
    await refused(kind, component, 'is incomplete', /undefined|null|3|"text"/);
  });
});

it.each([
  ['augmentations', { mix: f }, 'is incomplete', /one of apply\(\) and mix\(\)/],
  ['hooks', { onEpoch: 3 }, 'has a wrong "onEpoch"', '3'],
  ['hooks', { onError: 'ignore' }, 'has a wrong "onError"', 'ignore'],
  ['balancers', { memory: { weight: NaN } }, 'has a wrong "memory"', 'weight'],
  ['datasets', { shape: [8, 8] }, 'has a wrong "shape"', /\[8,8\]/],
  ['methods', { labels: 'sometimes' }, 'has a wrong "labels"', 'sometimes'],
  ['tasks', { metrics: [] }, 'has a wrong "metrics"', /\[\]/],
  ['dataTerms', { teacherOutputs: 'features' }, 'has a wrong "teacherOutputs"', 'features'],
  ['backends', { capabilities: {} }, 'has a wrong "capabilities"', /\{/],
] as const)('of %s, %j is refused', async (kind, change, problem, received) => {
  await refused(kind, { ...COMPLETE[kind], ...change }, problem, received);
});

it.each(['discriminators', 'schedules', 'tasks'] as const)('%s are no promises', async (kind) => {
  const contributions = {
    [kind]: { x: { options: z.strictObject({}), create: async () => COMPLETE[kind] } },
  };
  const plugin = definePlugin({ name: 'zoo', apiVersion: 1, ...(contributions as unknown as Contributions) });
  const registry = compose([plugin]).registries[kind];
  expect(() => registry.build('x', {}, undefined as never)).toThrow(
    expect.objectContaining({
      code: 'ANC_PLUGIN',
      detail: expect.objectContaining({ received: 'a promise' }) as object,
    }) as Error,
  );
});

import { pluginContract } from '@anc/testing';
import type { Plugin } from '@anc/core';
import { describe, it } from 'vitest';
import { pluginKinds, type PluginKind } from '../src/index.js';
import type { PluginContractOptions } from '@anc/testing';

const optimizer = {
  optimizer: 'sgd',
  learningRate: 0.1,
  weightDecay: 0,
  schedule: { kind: 'constant' },
};

/** As the templates' own tests; the backend's suite takes longer and runs where a package is scaffolded. */
const OPTIONS: Partial<Record<PluginKind, PluginContractOptions>> = {
  discriminator: { discriminators: { 'my-component': { options: { units: [5, 4] } } } },
  model: {
    models: { 'my-component': { options: { width: 2 }, contract: { input: [8, 8, 3], classes: 5 } } },
  },
  generator: { generators: { 'my-component': { options: { noise: 4, units: 6 } } } },
  method: { methods: { 'my-component': { options: { optimizer } } } },
  backend: { backends: { 'my-component': { contract: false } } },
};

for (const kind of pluginKinds) {
  const { default: plugin } = (await import(`../templates/${kind}/src/index.ts`)) as { default: Plugin };
  describe(`the template of a ${kind}`, () => pluginContract({ describe, it }, plugin, OPTIONS[kind] ?? {}));
}

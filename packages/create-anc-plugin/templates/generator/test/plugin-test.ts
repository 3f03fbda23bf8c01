import { pluginContract } from '@anc/testing';
import { describe, it } from 'vitest';
import plugin from '../src/index.js';

// What the plugin declares, and the contract suite of generators.
pluginContract({ describe, it }, plugin, {
  generators: { 'my-component': { options: { noise: 4, units: 6 } } },
});

import { pluginContract } from '@anc/testing';
import { describe, it } from 'vitest';
import plugin from '../src/index.js';

// What the plugin declares, and the contract suite of discriminators.
pluginContract({ describe, it }, plugin, {
  discriminators: { 'my-component': { options: { units: [5, 4] } } },
});

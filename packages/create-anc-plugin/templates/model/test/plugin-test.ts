import { pluginContract } from '@anc/testing';
import { describe, it } from 'vitest';
import plugin from '../src/index.js';

// What the plugin declares, and the contract suite of models, on small images.
pluginContract({ describe, it }, plugin, {
  models: {
    'my-component': { options: { width: 2 }, contract: { input: [8, 8, 3], classes: 5, taps: ['block1'] } },
  },
});

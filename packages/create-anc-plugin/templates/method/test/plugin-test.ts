import { pluginContract } from '@anc/testing';
import { describe, it } from 'vitest';
import plugin from '../src/index.js';

const optimizer = { optimizer: 'sgd', learningRate: 0.1, weightDecay: 0, schedule: { kind: 'constant' } };

// What the plugin declares, and the contract suite of methods, which trains a toy student.
pluginContract({ describe, it }, plugin, {
  methods: { 'my-component': { options: { optimizer } } },
});

import { pluginContract } from '@anc/testing';
import { describe, it } from 'vitest';
import plugin from '../src/index.js';

// What the plugin declares, and the contract suite of backends: every operation, gradients and whole steps.
pluginContract({ describe, it }, plugin, {
  backends: { 'my-component': { contract: { capabilities: { training: true, deterministic: true } } } },
});

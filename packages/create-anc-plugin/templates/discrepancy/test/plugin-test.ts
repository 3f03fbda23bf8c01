import { pluginContract } from '@anc/testing';
import { describe, it } from 'vitest';
import plugin from '../src/index.js';

// What the plugin declares, and the contract suite of its kind with default options.
pluginContract({ describe, it }, plugin);

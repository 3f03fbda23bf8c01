import { describe, it } from 'node:test';
import { pluginContract } from '@anc/testing';
import plugin from './dots.mjs';

pluginContract({ describe, it }, plugin);

import { describe, it } from 'node:test';
import { pluginContract } from '@anc/testing';
import plugin from './mine.mjs';

pluginContract({ describe, it }, plugin);

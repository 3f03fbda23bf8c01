import '@tensorflow/tfjs-backend-cpu';
import { EagerBackend } from '@anc/core';
import { describe, expect, it } from 'vitest';
import { backendContract } from './backend-contract.js';

backendContract({ describe, it, expect }, () => new EagerBackend('cpu'), {
  capabilities: { rankMeans: 'blocking' },
});

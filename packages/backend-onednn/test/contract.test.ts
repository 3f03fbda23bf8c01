import { backendContract } from '@anc/testing';
import { describe, expect, it } from 'vitest';
import { OnednnBackend } from '../src/index.js';
import { whyMissing } from './missing.js';

const why = await whyMissing();

describe.skipIf(why !== null)(`onednn, float32${why ?? ''}`, () => {
  backendContract({ describe, it, expect }, () => OnednnBackend.create({ threads: 1 }), {
    capabilities: { training: false },
  });
});

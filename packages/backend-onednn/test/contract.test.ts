import { backendContract } from '@anc/testing';
import { describe, expect, it } from 'vitest';
import { OnednnBackend } from '../src/index.js';
import { whyMissing } from './missing.js';

/** Relative errors: bfloat16 has 8 bits, and the longest sums of the contract add up the errors of a few hundred products. */
const LIMITS = { float32: 2e-5, bfloat16: 2e-2, int8: 2e-5 } as const;

for (const precision of ['float32', 'bfloat16', 'int8'] as const) {
  const why = await whyMissing({ precision });
  describe.skipIf(why !== null)(`onednn, ${precision}${why ?? ''}`, () => {
    backendContract({ describe, it, expect }, () => OnednnBackend.create({ threads: 1, precision }), {
      capabilities: { training: false },
      operationLimit: LIMITS[precision],
    });
  });
}

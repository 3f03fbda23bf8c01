import { backendContract } from '@anc/testing';
import { describe, expect, it } from 'vitest';
import { OnednnBackend } from '../src/index.js';
import { whyMissing } from './missing.js';

/** Relative errors: bfloat16 has 8 bits, and the longest sums of the contract add up the errors of a few hundred products. */
const LIMITS = { float32: 2e-5, bfloat16: 2e-2, int8: 2e-5 } as const;
/** The same of tensors after a few updates. */
const UPDATES = { float32: 1e-4, bfloat16: 0.25 } as const;

for (const [precision, trainingPrecision] of [
  ['float32', 'float32'],
  ['float32', 'bfloat16'],
  ['bfloat16', 'float32'],
  ['int8', 'float32'],
] as const) {
  const options = { threads: 1, precision, trainingPrecision };
  const why = await whyMissing(options);
  const training = precision === 'float32';
  const what = training ? `steps in ${trainingPrecision}` : 'no steps';
  describe.skipIf(why !== null)(`onednn, functions in ${precision}, ${what}${why ?? ''}`, () => {
    backendContract({ describe, it, expect }, () => OnednnBackend.create(options), {
      capabilities: { training, rankMeans: training ? 'awaiting' : null },
      operationLimit: LIMITS[precision],
      updateLimit: UPDATES[trainingPrecision],
      held: (backend) => (backend as OnednnBackend).engine.call('held'),
    });
  });
}

/**
 * The contract of backends on onednn, in a folder in which koffi is installed: `contract.mjs int8` with functions in one
 * precision, `contract.mjs float32 bfloat16` with training steps in another, `contract.mjs float32 float32 2` on two threads.
 */
import { OnednnBackend } from '@anc/backend-onednn';
import { isAncError } from '@anc/core';
import { reportContract } from '../contract/report.mjs';

/** Relative errors; functions without examples compute in float32 where the precision is int8. */
const LIMITS = { float32: 2e-5, bfloat16: 2e-2, int8: 2e-5 };
/** The same of tensors after a few updates: products of bfloat16 have 8 bits. */
const UPDATES = { float32: 1e-4, bfloat16: 0.25 };

const [precision, trainingPrecision = 'float32', threads = '1'] = process.argv.slice(2);
const options = { threads: Number(threads), precision, trainingPrecision };
try {
  await (await OnednnBackend.create(options)).dispose();
  await reportContract(
    `onednn, ${precision}, training in ${trainingPrecision}, threads: ${threads}`,
    () => OnednnBackend.create(options),
    {
      capabilities: {
        training: precision === 'float32',
        rankMeans: precision === 'float32' ? 'awaiting' : null,
      },
      operationLimit: LIMITS[precision],
      updateLimit: UPDATES[trainingPrecision],
      held: (backend) => backend.engine.call('held'),
    },
  );
} catch (error) {
  // a processor that lacks the instructions
  if (!isAncError(error) || error.code !== 'ANC_BACKEND_DEVICE') throw error;
  console.log(`${error.code}: ${error.message}`);
}

/** The contract of backends on onednn in one precision, in a folder in which koffi is installed: `contract.mjs int8`. */
import { OnednnBackend } from '@anc/backend-onednn';
import { isAncError } from '@anc/core';
import { reportContract } from '../contract/report.mjs';

/** Relative errors; functions without examples compute in float32 where the precision is int8. */
const LIMITS = { float32: 2e-5, bfloat16: 2e-2, int8: 2e-5 };

const precision = process.argv[2];
try {
  await (await OnednnBackend.create({ precision })).dispose();
  await reportContract(`onednn, ${precision}`, () => OnednnBackend.create({ threads: 1, precision }), {
    capabilities: { training: false },
    operationLimit: LIMITS[precision],
  });
} catch (error) {
  // a processor that lacks the instructions
  if (!isAncError(error) || error.code !== 'ANC_BACKEND_DEVICE') throw error;
  console.log(`${error.code}: ${error.message}`);
}

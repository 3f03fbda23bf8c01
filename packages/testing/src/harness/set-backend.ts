import { replacePlainKernels } from '@anc/core/internal';
import * as tf from '@tensorflow/tfjs-core';

/** Makes a tfjs backend the current one; plain JavaScript with the kernels that `EagerBackend` uses, which give the same bits sooner. */
export async function setBackend(name = 'cpu'): Promise<void> {
  await tf.setBackend(name);
  if (name === 'cpu') replacePlainKernels();
}

import { EagerBackend, mainMemory, processorName } from '@anc/core';

/** Plain JavaScript: a reference for tests, and the last resort. Runs anywhere. */
export async function openCpu(): Promise<EagerBackend> {
  await import('@tensorflow/tfjs-backend-cpu');
  const memory = mainMemory();
  return new EagerBackend('cpu', {
    environment: { device: processorName(), ...(memory === null ? {} : { memory }) },
  });
}

import { EagerBackend, mainMemory, processorName, type Tree } from '@anc/core';

/** Plain JavaScript: a reference for tests, and the last resort. Runs anywhere. */
export async function openCpu(said: Tree<string | number> = {}): Promise<EagerBackend> {
  await import('@tensorflow/tfjs-backend-cpu');
  const memory = mainMemory();
  return new EagerBackend('cpu', {
    environment: { device: processorName(), ...(memory === null ? {} : { memory }), ...said },
  });
}

import { EagerBackend, mainMemory, processorName, type Tree } from '@anc/core';

/**
 * Plain JavaScript: a reference for tests, and the last resort. Runs anywhere.
 *
 * @param environment entries to add to the backend's own
 */
export async function openCpu(environment: Tree<string | number> = {}): Promise<EagerBackend> {
  await import('@tensorflow/tfjs-backend-cpu');
  const memory = mainMemory();
  return new EagerBackend('cpu', {
    environment: { device: processorName(), ...(memory === null ? {} : { memory }), ...environment },
  });
}

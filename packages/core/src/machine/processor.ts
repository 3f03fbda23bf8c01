/** Number of hardware threads. */
export function processorThreads(): number {
  if (typeof process !== 'undefined' && typeof process.getBuiltinModule === 'function') {
    return process.getBuiltinModule('node:os').availableParallelism();
  }
  const { navigator } = globalThis as { navigator?: { hardwareConcurrency?: number } };
  return navigator?.hardwareConcurrency ?? 1;
}

/** A description of the processor: `AMD EPYC 7B13, 2 threads`. In a browser only the threads are known. */
export function processorName(): string {
  if (typeof process !== 'undefined' && typeof process.getBuiltinModule === 'function') {
    const { cpus } = process.getBuiltinModule('node:os');
    return `${cpus()[0]?.model.trim() ?? process.arch}, ${processorThreads()} threads`;
  }
  return `a browser's processor, ${processorThreads()} threads`;
}

/** Main memory in bytes, or null where it is unknown, as in a browser. */
export function mainMemory(): number | null {
  if (typeof process === 'undefined' || typeof process.getBuiltinModule !== 'function') return null;
  return process.getBuiltinModule('node:os').totalmem();
}

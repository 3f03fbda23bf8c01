/** The processor, for people: `AMD EPYC 7B13, 2 threads`. In a browser only the threads are known. */
export function processorName(): string {
  if (typeof process !== 'undefined' && typeof process.getBuiltinModule === 'function') {
    const { availableParallelism, cpus } = process.getBuiltinModule('node:os');
    return `${cpus()[0]?.model.trim() ?? process.arch}, ${availableParallelism()} threads`;
  }
  const threads = (globalThis as { navigator?: { hardwareConcurrency?: number } }).navigator
    ?.hardwareConcurrency;
  return `a browser's processor, ${threads ?? 1} threads`;
}

/** Main memory in bytes, or null where it is not told. */
export function mainMemory(): number | null {
  if (typeof process === 'undefined' || typeof process.getBuiltinModule !== 'function') return null;
  return process.getBuiltinModule('node:os').totalmem();
}

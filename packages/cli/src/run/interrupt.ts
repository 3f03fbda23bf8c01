/** Stands in for "the signal was raised": everything is on disk, nothing failed. */
export class Interrupted extends Error {}

/** Whether work ended because the signal was raised; whatever else fails meanwhile is an error. */
export const isInterruption = (error: unknown, signal: AbortSignal): boolean =>
  error instanceof Interrupted || (signal.aborted && error === signal.reason);

/**
 * Ctrl-C: the first one raises the signal, so that the current step is finished and a checkpoint written;
 * the second ends the process at once.
 */
export function onInterrupt(first: () => void): { readonly signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  const handle = (): void => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
    first();
  };
  process.on('SIGINT', handle);
  process.on('SIGTERM', handle);
  return {
    signal: controller.signal,
    release() {
      process.off('SIGINT', handle);
      process.off('SIGTERM', handle);
    },
  };
}

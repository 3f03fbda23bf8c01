/**
 * Ctrl-C: the first one aborts the signal, so that the current step is finished and a checkpoint written; the second
 * one ends the process at once.
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

/** A signal that ends with planning. */
export interface PlanningSignal {
  readonly signal: AbortSignal;
  /** From now on the signal is never aborted. */
  end(): void;
}

/**
 * Follows a signal until planning ends: a request that is under way is then given up at once. Training ends after its step
 * instead, and saves it, so its requests have to be answered.
 */
export function planningSignal(outer: AbortSignal | undefined): PlanningSignal {
  const own = new AbortController();
  const abort = (): void => own.abort(outer?.reason);
  if (outer?.aborted === true) abort();
  outer?.addEventListener('abort', abort, { once: true });
  return { signal: own.signal, end: () => outer?.removeEventListener('abort', abort) };
}

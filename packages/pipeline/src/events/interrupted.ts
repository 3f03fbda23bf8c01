/** Thrown where the signal was aborted: everything is on disk, nothing failed. */
export class Interrupted extends Error {
  constructor() {
    super('interrupted');
  }
}

/** Whether work ended because the signal was aborted; anything else that fails meanwhile is an error. */
export const isInterruption = (error: unknown, signal: AbortSignal): boolean =>
  error instanceof Interrupted || (signal.aborted && error === signal.reason);

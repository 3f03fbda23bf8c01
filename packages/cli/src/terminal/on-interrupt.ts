import { monitorEventLoopDelay } from 'node:perf_hooks';

/** What asks a process to end: Ctrl-C, a supervisor, a terminal that was closed. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const INTERRUPTED = 130;

/** Nanoseconds for which this thread heard of nothing, and milliseconds for which that is remembered. */
const BUSY = 10e9;
const RECENT = 60_000;

/** How many commands have taken the signals over. */
let taken = 0;

/** What a signal does where no command has taken it over: files are written whole, so the process ends, after `report`. */
export function endOnSignals(report: () => void): void {
  const end = (): void => {
    if (taken > 0) return;
    report();
    process.exit(INTERRUPTED);
  };
  for (const signal of SIGNALS) process.on(signal, end);
  early = end;
}

let early: (() => void) | null = null;

/**
 * The first signal aborts, so that the current step is finished and a checkpoint written; the second one ends the process at
 * once; two of one kind within about a millisecond are one to the system. Where steps keep this thread busy for long, it would hear of the second one late: there signals are left to the
 * system after the first.
 *
 * @param more signals that ask for the same, where a launcher passes on others than these
 */
export function onInterrupt(
  first: () => void,
  more: readonly NodeJS.Signals[] = [],
): { readonly signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  const delay = monitorEventLoopDelay();
  delay.enable();
  let longest = 0;
  const forgetting = setInterval(() => {
    longest = delay.max;
    delay.reset();
  }, RECENT).unref();
  taken++;
  const handle = (): void => {
    if (controller.signal.aborted) process.exit(INTERRUPTED);
    controller.abort();
    first();
    if (Math.max(longest, delay.max) < BUSY) return;
    const leave = (): void => {
      release();
      for (const signal of early === null ? [] : SIGNALS) process.off(signal, early!);
    };
    // A signal that came while this one was handled is heard of in the turn between, and would be lost without handlers.
    setImmediate(() => setImmediate(leave));
  };
  for (const signal of [...SIGNALS, ...more]) process.on(signal, handle);
  let released = false;
  const release = (): void => {
    if (!released) taken--;
    released = true;
    delay.disable();
    clearInterval(forgetting);
    for (const signal of [...SIGNALS, ...more]) process.off(signal, handle);
  };
  return { signal: controller.signal, release };
}
